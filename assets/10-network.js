// The network in the browser: the frame that its parts hang on. A part may have `wire(cy)`, called
// once a drawing is built, and `drawn(fresh)`, called after the server has changed it.
(function () {
  "use strict";
  var parts = [];
  var known = new Set();
  var pending = false;

  var net = {
    cy: null,
    root: null,
    // True while a script writes data: such a change is no news from the server.
    writing: false,

    part: function (part) {
      parts.push(part);
      return part;
    },

    write: function (change) {
      net.writing = true;
      try {
        net.cy.batch(change);
      } finally {
        net.writing = false;
      }
    },

    find: function (selector) {
      return net.root ? net.root.querySelector(selector) : null;
    },

    // The page's component ids come with the markup: Python alone names them.
    send: function (store, value) {
      window.dash_clientside.set_props(net.root.dataset[store], value);
    },

    say: function (text) {
      var place = net.find(".network-status");
      if (place) {
        place.textContent = text;
      }
    },

    level: function () {
      return new URLSearchParams(window.location.search).get("level") || "name";
    },

    shown: function () {
      return net.cy.nodes().not(".away");
    },

    isCheap: function () {
      return net.cy.edges().length > Number(net.root.dataset.cheapAbove);
    },

    redraw: function () {
      if (!pending) {
        pending = true;
        window.requestAnimationFrame(settle);
      }
    },
  };

  function tell(event, value) {
    parts.forEach(function (part) {
      if (part[event]) {
        part[event](value);
      }
    });
  }

  // A picture that shares no node with the one before is a new picture.
  function settle() {
    pending = false;
    var ids = net.cy.nodes().map(function (node) {
      return node.id();
    });
    var survivors = ids.some(function (id) {
      return known.has(id);
    });
    tell("drawn", ids.length > 0 && !survivors);
    known = new Set(ids);
    net.cy.container().setAttribute("data-drawn", String(ids.length));
  }

  function wire(cy) {
    net.cy = cy;
    net.root = cy.container().closest(".network");
    tell("wire", cy);
    cy.on("add remove", net.redraw);
    cy.on("data", function () {
      if (!net.writing) {
        net.redraw();
      }
    });
    if (cy.nodes().length) {
      settle();
    }
  }

  // The component sets window.cy when it is built; nothing tells when.
  window.setInterval(function () {
    if (window.cy && window.cy !== net.cy && window.cy.container()) {
      wire(window.cy);
    }
  }, 60);

  window.flowAtlasNetwork = net;
})();
