// Plotly weighs as much as the rest of the page, and one chart needs it at first: it is loaded once
// the network stands. Dash's Graph waits for what `window.Plotly` promises, and so does its figure.
(function () {
  "use strict";
  var LOOK_MS = 40;
  // Without a network to wait for, such as on a page that explains what is missing.
  var LONGEST_MS = 4000;
  var begun = Date.now();
  var link = document.querySelector("link.plotly");

  function stands() {
    var drawing = document.querySelector(".network-canvas [data-drawn]");
    var said = document.querySelector(".network-empty p");
    return (drawing && drawing.dataset.drawn !== "0") || (said && said.textContent);
  }

  function load(done, failed) {
    var script = document.createElement("script");
    script.src = link.href;
    script.onload = done;
    script.onerror = failed;
    delete window.Plotly;
    document.body.appendChild(script);
  }

  window.Plotly = new Promise(function (done, failed) {
    var timer = window.setInterval(function () {
      if (stands() || Date.now() - begun > LONGEST_MS) {
        window.clearInterval(timer);
        // After the frame that shows the network.
        window.requestAnimationFrame(function () {
          window.setTimeout(load, 0, done, failed);
        });
      }
    }, LOOK_MS);
  });
})();
