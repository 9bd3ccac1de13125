// The network by keyboard: arrows walk from node to node, and each is read out.
(function () {
  "use strict";
  var net = window.flowAtlasNetwork;
  var MOVE_PX = 20;
  var ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  var at = null;

  function current() {
    var part = at ? net.cy.getElementById(at) : null;
    return part && part.length && !part.hasClass("away") ? part : null;
  }

  function candidates() {
    return net.shown().not(".unfocused");
  }

  function describe(part) {
    var nodes = candidates();
    var text = String(part.data("tip") || part.data("name")).split("\n").join(", ");
    if (part.isEdge()) {
      return text;
    }
    var pinned = net.places.isPinned(part) ? ", pinned" : "";
    return text + pinned + "; one of " + nodes.length + " nodes";
  }

  function stand(part) {
    net.cy.elements(".cursor").removeClass("cursor");
    at = part.id();
    part.addClass("cursor");
    net.view.reveal(part.isNode() ? part : part.target());
    net.say(describe(part));
  }

  function start() {
    var best = null;
    candidates().forEach(function (node) {
      if (!best || node.data("weight") > best.data("weight")) {
        best = node;
      }
    });
    return best;
  }

  function nearest(from, way) {
    var here = from.position();
    var best = null;
    var least = Infinity;
    candidates().forEach(function (node) {
      var there = node.position();
      var along = (there.x - here.x) * way[0] + (there.y - here.y) * way[1];
      var aside = Math.abs((there.x - here.x) * way[1]) + Math.abs((there.y - here.y) * way[0]);
      // What lies more aside than ahead belongs to another arrow.
      if (node.id() !== from.id() && along > 0 && aside <= 2 * along) {
        var cost = along + 2 * aside;
        if (cost < least) {
          least = cost;
          best = node;
        }
      }
    });
    return best;
  }

  function step(way) {
    var from = current();
    if (from && from.isEdge()) {
      from = from.source();
    }
    var to = from ? nearest(from, way) : start();
    if (to) {
      stand(to);
    } else if (from) {
      net.say("No node further this way");
    }
  }

  function nextEdge(direction) {
    var from = current();
    if (!from) {
      return;
    }
    var node = from.isEdge() ? net.cy.getElementById(net.walk.origin) : from;
    net.walk.origin = node.id();
    var edges = node.connectedEdges(":visible").toArray();
    if (!edges.length) {
      return;
    }
    var index = from.isEdge() ? edges.findIndex((edge) => edge.id() === from.id()) : -1;
    stand(edges[(index + direction + edges.length) % edges.length]);
  }

  function move(way) {
    var node = current();
    if (node && node.isNode()) {
      var place = node.position();
      net.places.pinAt(node, { x: place.x + way[0] * MOVE_PX, y: place.y + way[1] * MOVE_PX });
      net.redraw();
      net.say(node.data("name") + " moved");
    }
  }

  function withNode(act) {
    var part = current() || net.select.current();
    if (part && part.isNode()) {
      act(part);
    } else {
      net.say("Choose a node first");
    }
  }

  function withPart(act) {
    var part = current() || net.select.current();
    if (part) {
      act(part);
    } else {
      net.say("Choose a node or an edge first");
    }
  }

  function leave() {
    if (net.marks.isFocused()) {
      net.marks.toggleFocus(null);
    } else {
      net.select.set(null);
    }
  }

  function toSearch() {
    var field = net.find(".network-search input");
    field.focus();
    field.select();
  }

  function help() {
    var panel = net.find(".network-help");
    panel.open = !panel.open;
  }

  var KEYS = {
    Enter: () => withPart(net.select.set),
    " ": () => withPart(net.select.set),
    h: () => withPart(net.marks.hide),
    H: () => net.marks.showHidden(),
    f: () => withNode(net.marks.toggleFocus),
    p: () => withNode(net.places.togglePin),
    x: () => withNode(net.select.expand),
    e: () => nextEdge(1),
    E: () => nextEdge(-1),
    m: () => withPart(net.menu.openAt),
    ContextMenu: () => withPart(net.menu.openAt),
    F10: (event) => event.shiftKey && withPart(net.menu.openAt),
    "+": () => (net.marks.isFocused() ? net.marks.hops(1) : net.view.zoomIn()),
    "=": () => (net.marks.isFocused() ? net.marks.hops(1) : net.view.zoomIn()),
    "-": () => (net.marks.isFocused() ? net.marks.hops(-1) : net.view.zoomOut()),
    0: () => net.view.fit(),
    "/": toSearch,
    "?": help,
    Escape: leave,
  };

  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    var way = ARROWS[event.key];
    if (way) {
      (event.shiftKey ? move : step)(way);
    } else if (Object.prototype.hasOwnProperty.call(KEYS, event.key)) {
      KEYS[event.key](event);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  function onSearchKey(event) {
    if (event.key === "Enter") {
      net.marks.nextHit(event.shiftKey ? -1 : 1);
      event.preventDefault();
    } else if (event.key === "Escape") {
      window.dash_clientside.set_props(event.target.id, { value: "" });
      net.find(".network-canvas").focus();
    }
  }

  net.walk = {
    origin: null,
    stand: stand,
    withNode: withNode,
    withPart: withPart,
    // A click makes the part the one that keys act on, without the ring.
    remember: function (part) {
      net.cy.elements(".cursor").removeClass("cursor");
      at = part ? part.id() : null;
    },
  };

  net.part({
    wire: function () {
      var panel = net.find(".network-canvas");
      panel.addEventListener("keydown", onKey);
      panel.addEventListener("focus", function () {
        var part = current() || start();
        if (part && panel.matches(":focus-visible")) {
          stand(part);
        }
      });
      panel.addEventListener("blur", function () {
        net.cy.elements(".cursor").removeClass("cursor");
      });
      net.find(".network-search input").addEventListener("keydown", onSearchKey);
    },
    drawn: function () {
      var part = current();
      if (part && document.activeElement === net.find(".network-canvas")) {
        part.addClass("cursor");
      }
    },
  });

  // "/" is known from other pages: it works from anywhere but a field.
  document.addEventListener("keydown", function (event) {
    var place = document.activeElement;
    if (event.key === "/" && net.root && place === document.body) {
      event.preventDefault();
      toSearch();
    }
  });
})();
