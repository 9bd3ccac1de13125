// The toolbar of the network: its callbacks need no server.
(function () {
  "use strict";
  var net = window.flowAtlasNetwork;

  // A click may come before the first drawing.
  function drawn(act) {
    return function () {
      if (net.cy) {
        act.apply(null, arguments);
      }
    };
  }

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    atlasNetwork: {
      readLink: function () {
        return net.places.readLink();
      },
      layout: function (name) {
        net.places.choose(name);
      },
      other: function (shown) {
        net.places.showOther(shown);
      },
      search: function (text) {
        net.marks.search(text);
      },
      focus: drawn(function () {
        net.walk.withNode(net.marks.toggleFocus);
      }),
      fewerHops: drawn(function () {
        net.marks.hops(-1);
      }),
      moreHops: drawn(function () {
        net.marks.hops(1);
      }),
      hide: drawn(function () {
        net.walk.withPart(net.marks.hide);
      }),
      showHidden: drawn(function () {
        net.marks.showHidden();
      }),
      pin: drawn(function () {
        net.walk.withNode(net.places.togglePin);
      }),
      forget: drawn(function () {
        net.places.forget();
        net.redraw();
      }),
      fit: drawn(function () {
        net.view.fit();
      }),
      zoomIn: drawn(function () {
        net.view.zoomIn();
      }),
      zoomOut: drawn(function () {
        net.view.zoomOut();
      }),
      map: drawn(function () {
        net.view.toggleMap();
      }),
    },
  });
})();
