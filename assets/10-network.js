// What the network does in the browser alone: dragged nodes stay where they were put, names and
// figures appear under the pointer, the drawing follows the size of its panel.
(function () {
  "use strict";
  var KEY = "flow-atlas-places";
  var FIT_PADDING = 42;
  var MAX_FIT_ZOOM = 2;
  var wired = null;
  var tip = null;
  var restoring = false;
  var firstPlaces = new Map();

  function level() {
    return new URLSearchParams(window.location.search).get("level") || "name";
  }

  function allPlaces() {
    try {
      return JSON.parse(window.localStorage.getItem(KEY)) || {};
    } catch (_) {
      return {};
    }
  }

  function savePlaces(places) {
    try {
      window.localStorage.setItem(KEY, JSON.stringify(places));
    } catch (_) {
      // Storage is full or switched off: places last for this visit.
    }
  }

  function placeOf(id) {
    var places = allPlaces()[level()];
    var place = places && Object.prototype.hasOwnProperty.call(places, id) ? places[id] : null;
    return place && Number.isFinite(place.x) && Number.isFinite(place.y) ? place : null;
  }

  function keepPlace(node) {
    var places = allPlaces();
    var position = node.position();
    places[level()] = places[level()] || {};
    places[level()][node.id()] = { x: Math.round(position.x), y: Math.round(position.y) };
    savePlaces(places);
  }

  // A node stays where it was first drawn while the page is open, and where the user put it for
  // good, whatever place the server sends with an update.
  function restore(node) {
    var key = level() + " " + node.id();
    if (!firstPlaces.has(key)) {
      firstPlaces.set(key, Object.assign({}, node.position()));
    }
    var place = placeOf(node.id()) || firstPlaces.get(key);
    if ( node.grabbed() || restoring) {
      return;
    }
    var position = node.position();
    if (position.x !== place.x || position.y !== place.y) {
      restoring = true;
      node.position(place);
      restoring = false;
    }
  }

  function fit(cy) {
    if (cy.width() > 0 && cy.nodes().length) {
      cy.fit(undefined, FIT_PADDING);
      if (cy.zoom() > MAX_FIT_ZOOM) {
        cy.zoom({ level: MAX_FIT_ZOOM, renderedPosition: { x: cy.width() / 2, y: cy.height() / 2 } });
        cy.center();
      }
    }
  }

  function showTip(event) {
    var text = event.target.data("tip");
    if (!text) {
      return;
    }
    if (!tip) {
      tip = document.createElement("div");
      tip.className = "network-tip";
      document.body.appendChild(tip);
    }
    tip.textContent = text; // Names come from logs: text, never markup.
    tip.hidden = false;
    moveTip(event);
  }

  function moveTip(event) {
    if (!tip || tip.hidden || !event.originalEvent) {
      return;
    }
    var x = event.originalEvent.clientX + 14;
    var y = event.originalEvent.clientY + 14;
    tip.style.left = Math.min(x, window.innerWidth - tip.offsetWidth - 8) + "px";
    tip.style.top = Math.min(y, window.innerHeight - tip.offsetHeight - 8) + "px";
  }

  function hideTip() {
    if (tip) {
      tip.hidden = true;
    }
  }

  function highlight(cy, part) {
    var near = part.isNode() ? part.closedNeighborhood() : part.union(part.connectedNodes());
    cy.batch(function () {
      cy.elements().not(near).addClass("dimmed");
      near.addClass("hovered");
    });
  }

  function unhighlight(cy) {
    cy.batch(function () {
      cy.elements().removeClass("dimmed hovered");
    });
  }

  function wire(cy) {
    var container = cy.container();
    var known = new Set();
    var pending = false;
    var touched = false;
    cy.on("dragfree", "node", function (event) {
      keepPlace(event.target);
    });
    cy.on("position", "node", function (event) {
      restore(event.target);
    });
    cy.on("mouseover", "node, edge", function (event) {
      highlight(cy, event.target);
      showTip(event);
      container.style.cursor = "pointer";
    });
    cy.on("mousemove", moveTip);
    cy.on("mouseout", "node, edge", function () {
      unhighlight(cy);
      hideTip();
      container.style.cursor = "";
    });
    cy.on("remove", "node, edge", hideTip);
    // A picture that shares no node with the one before is a new picture: show all of it.
    function settle() {
      pending = false;
      var ids = cy.nodes().map(function (node) {
        return node.id();
      });
      cy.nodes().forEach(restore);
      var survivors = ids.some(function (id) {
        return known.has(id);
      });
      if (ids.length && !survivors) {
        touched = false;
        fit(cy);
      }
      known = new Set(ids);
      container.setAttribute("data-drawn", String(ids.length));
    }
    cy.on("add remove", function () {
      if (!pending) {
        pending = true;
        window.requestAnimationFrame(settle);
      }
    });
    cy.on("dragpan scrollzoom pinchzoom grab", function () {
      touched = true;
    });
    // A view that the user has not chosen follows the size of the panel.
    new ResizeObserver(function () {
      cy.resize();
      if (!touched) {
        fit(cy);
      }
    }).observe(container);
    if (cy.nodes().length) {
      settle();
    }
  }

  // The component sets window.cy when it is built; nothing tells when.
  window.setInterval(function () {
    if (window.cy && window.cy !== wired) {
      wired = window.cy;
      wire(wired);
    }
  }, 60);

  window.flowAtlasNetwork = {
    fit: function () {
      if (wired) {
        fit(wired);
      }
    },
    forgetMoves: function () {
      savePlaces({});
      if (wired) {
        wired.nodes().forEach(function (node) {
          node.position(firstPlaces.get(level() + " " + node.id()));
        });
      }
    },
  };
})();
