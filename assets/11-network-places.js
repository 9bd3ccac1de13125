// Where nodes stand: the chosen layout of the server, and over it the places that the reader gave.
// Those are kept in the browser's storage, and in the link where they are few.
(function () {
  "use strict";
  var net = window.flowAtlasNetwork;
  var KEY = "flow-atlas-places";
  var LAYOUTS = ["force", "concentric", "hierarchical"];
  var MAX_LINKED = 20;
  var MAX_LINK_LENGTH = 1500;
  var layout = LAYOUTS[0];
  var withOther = false;
  var moved = stored();
  var linked = new Map();
  var first = new Map();
  var restoring = false;

  function stored() {
    try {
      var places = JSON.parse(window.localStorage.getItem(KEY));
      return places && typeof places === "object" ? places : {};
    } catch (_) {
      return {};
    }
  }

  function store() {
    try {
      window.localStorage.setItem(KEY, JSON.stringify(moved));
    } catch (_) {
      // Storage is full or switched off: places last for this visit.
    }
  }

  function key() {
    return net.level() + " " + layout;
  }

  function usable(place) {
    return place && Number.isFinite(place.x) && Number.isFinite(place.y) ? place : null;
  }

  function pinOf(id) {
    var places = moved[key()];
    var own = places && Object.prototype.hasOwnProperty.call(places, id) ? places[id] : null;
    return usable(own) || linked.get(id) || null;
  }

  // A node stays where it was first drawn while the page is open, whatever place comes later.
  function homeOf(node) {
    var name = key() + " " + node.id();
    if (!first.has(name)) {
      var place = (node.data("places") || {})[layout];
      first.set(name, place ? { x: place[0], y: place[1] } : Object.assign({}, node.position()));
    }
    return first.get(name);
  }

  function restore(node) {
    if (restoring || node.grabbed()) {
      return;
    }
    var place = pinOf(node.id()) || homeOf(node);
    var position = node.position();
    if (position.x !== place.x || position.y !== place.y) {
      restoring = true;
      node.position(place);
      restoring = false;
    }
  }

  function restoreAll() {
    net.write(function () {
      net.cy.nodes().forEach(function (node) {
        restore(node);
        node.toggleClass("pinned", Boolean(pinOf(node.id())));
      });
    });
    writeLink();
  }

  function pin(node) {
    pinAt(node, node.position());
  }

  function pinAt(node, position) {
    moved[key()] = moved[key()] || {};
    moved[key()][node.id()] = { x: Math.round(position.x), y: Math.round(position.y) };
    linked.delete(node.id());
    store();
    restoreAll();
  }

  function unpin(node) {
    delete (moved[key()] || {})[node.id()];
    linked.delete(node.id());
    store();
    restoreAll();
  }

  // Only pins of drawn nodes: sharing mode must not put a hidden address into the link.
  function linkedPins() {
    var pins = [];
    net.cy.nodes().forEach(function (node) {
      var place = pinOf(node.id());
      if (place) {
        pins.push(Math.round(place.x) + "," + Math.round(place.y) + "," + node.id());
      }
    });
    var length = pins.join("").length;
    return pins.length <= MAX_LINKED && length <= MAX_LINK_LENGTH ? pins : [];
  }

  function writeLink() {
    var values = new URLSearchParams();
    if (layout !== LAYOUTS[0]) {
      values.set("layout", layout);
    }
    if (withOther) {
      values.set("other", "on");
    }
    linkedPins().forEach(function (text) {
      values.append("pin", text);
    });
    var hash = values.toString() ? "#" + values.toString() : "";
    if (hash !== window.location.hash) {
      var place = window.location.pathname + window.location.search + hash;
      window.history.replaceState(window.history.state, "", place);
      // The address component would put back what it knows of the address.
      net.send("url", { hash: window.location.hash, href: window.location.href });
    }
  }

  function readLink() {
    var values = new URLSearchParams(window.location.hash.slice(1));
    var wanted = values.get("layout");
    layout = LAYOUTS.indexOf(wanted) >= 0 ? wanted : LAYOUTS[0];
    withOther = values.get("other") === "on";
    linked = new Map();
    values.getAll("pin").slice(0, MAX_LINKED).forEach(function (text) {
      var match = /^(-?\d{1,7}),(-?\d{1,7}),(.+)$/.exec(text);
      if (match) {
        linked.set(match[3], { x: Number(match[1]), y: Number(match[2]) });
      }
    });
    return [layout, withOther];
  }

  net.places = {
    readLink: readLink,
    isPinned: function (node) {
      return Boolean(pinOf(node.id()));
    },
    pinAt: pinAt,
    togglePin: function (node) {
      (pinOf(node.id()) ? unpin : pin)(node);
      net.say(node.data("name") + (pinOf(node.id()) ? " is pinned" : " is not pinned any more"));
    },
    forget: function () {
      moved = {};
      linked = new Map();
      store();
      restoreAll();
    },
    choose: function (wanted) {
      if (LAYOUTS.indexOf(wanted) < 0 || wanted === layout) {
        return;
      }
      layout = wanted;
      linked = new Map();
      if (net.cy) {
        restoreAll();
        net.view.fit();
        net.redraw();
      }
    },
    showOther: function (shown) {
      withOther = Boolean(shown);
      if (net.cy) {
        writeLink();
      }
    },
  };

  net.part({
    wire: function (cy) {
      cy.on("position add", "node", function (event) {
        restore(event.target);
      });
      cy.on("dragfree", "node", function (event) {
        pin(event.target);
        net.redraw();
      });
      window.addEventListener("hashchange", function () {
        net.send("layout", { value: readLink()[0] });
        net.send("other", { checked: withOther });
        restoreAll();
        net.redraw();
      });
    },
    drawn: restoreAll,
  });
})();
