// What is put forward and what is put away: the pointer, search, focus on neighbors, hiding.
(function () {
  "use strict";
  var net = window.flowAtlasNetwork;
  var KEY = "flow-atlas-hidden";
  var MOST_HOPS = 6;
  var away = stored();
  var focused = null;
  var hops = 1;
  var wanted = "";
  var hits = [];
  var hit = -1;
  var tip = null;

  function stored() {
    try {
      return new Set(JSON.parse(window.sessionStorage.getItem(KEY)) || []);
    } catch (_) {
      return new Set();
    }
  }

  function store() {
    try {
      window.sessionStorage.setItem(KEY, JSON.stringify(Array.from(away)));
    } catch (_) {
      // Hidden parts then come back with a reload.
    }
  }

  // Pointer -----------------------------------------------------------------------------------

  function showTip(event) {
    if (!tip) {
      tip = document.createElement("div");
      tip.className = "network-tip";
      document.body.appendChild(tip);
    }
    tip.textContent = event.target.data("tip") || ""; // Names come from logs: text, never markup.
    tip.hidden = !tip.textContent;
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

  function point(part) {
    var near = part.isNode() ? part.closedNeighborhood() : part.union(part.connectedNodes());
    net.cy.batch(function () {
      near.addClass("hovered");
      // Dimming all others of many would make the pointer wait.
      if (!net.isCheap()) {
        net.cy.elements().not(near).addClass("dimmed");
      }
    });
  }

  function unpoint() {
    hideTip();
    net.cy.batch(function () {
      net.cy.elements(".dimmed, .hovered").removeClass("dimmed hovered");
    });
  }

  // Hiding ------------------------------------------------------------------------------------

  function applyAway() {
    var count = 0;
    net.cy.elements().forEach(function (part) {
      var hidden = away.has(part.id());
      part.toggleClass("away", hidden);
      count += hidden ? 1 : 0;
    });
    var button = net.find(".network-unhide");
    button.hidden = count === 0;
    button.textContent = "Show hidden (" + count + ")";
  }

  // Focus -------------------------------------------------------------------------------------

  function applyFocus() {
    var node = focused ? net.cy.getElementById(focused) : null;
    var on = Boolean(node && node.length && !node.hasClass("away"));
    var near = node;
    for (var hop = 0; on && hop < hops; hop++) {
      near = near.closedNeighborhood().not(".away");
    }
    // Edges between the last hop's nodes belong to the picture as well.
    var kept = on ? near.union(near.nodes().edgesWith(near.nodes())) : null;
    net.cy.elements().forEach(function (part) {
      part.toggleClass("unfocused", on && !kept.has(part));
    });
    net.find(".network-focus").setAttribute("aria-pressed", String(on));
    net.find(".network-hops").hidden = !on;
    net.find(".network-hop-count").textContent = hops === 1 ? "1 hop" : hops + " hops";
    return on ? near.nodes().length - 1 : 0;
  }

  function focus(node) {
    focused = node ? node.id() : null;
    hops = 1;
    refocus(node);
  }

  function refocus(node) {
    var count = 0;
    net.write(function () {
      count = applyFocus();
    });
    net.say(node ? count + " nodes within " + hops + " of " + node.data("name") : "Focus is off");
  }

  // Search ------------------------------------------------------------------------------------

  function applySearch() {
    var before = hit >= 0 && hits[hit] ? hits[hit].id() : null;
    hits = [];
    net.shown().forEach(function (node) {
      var text = (node.data("name") + " " + node.data("search")).toLowerCase();
      var matches = wanted !== "" && text.indexOf(wanted) >= 0;
      node.toggleClass("match", matches);
      if (matches) {
        hits.push(node);
      }
    });
    hits.sort(function (a, b) {
      return b.data("weight") - a.data("weight");
    });
    hit = hits.findIndex(function (node) {
      return node.id() === before;
    });
    tellHits();
  }

  function tellHits() {
    var text = "";
    if (wanted !== "") {
      text = hits.length ? (hit >= 0 ? hit + 1 + " of " : "") + hits.length : "none";
    }
    net.find(".network-hits").textContent = text;
  }

  function nextHit(step) {
    if (!hits.length) {
      net.say("Nothing matches");
      return;
    }
    hit = hit < 0 && step < 0 ? hits.length - 1 : (hit + step + hits.length) % hits.length;
    tellHits();
    net.view.center(hits[hit]);
    net.walk.stand(hits[hit]);
  }

  net.marks = {
    hops: function (step) {
      if (focused && net.cy.getElementById(focused).length) {
        hops = Math.max(1, Math.min(MOST_HOPS, hops + step));
        refocus(net.cy.getElementById(focused));
      }
    },
    isFocused: function () {
      return Boolean(focused);
    },
    toggleFocus: function (node) {
      focus(node && focused !== node.id() ? node : null);
      net.labels.place();
    },
    hide: function (part) {
      away.add(part.id());
      part.unselect();
      store();
      net.say((part.data("name") || "The edge") + " is hidden");
      unpoint();
      net.redraw();
    },
    showHidden: function () {
      away.clear();
      store();
      net.say("Everything is shown again");
      net.redraw();
    },
    search: function (text) {
      wanted = String(text || "").trim().toLowerCase();
      hit = -1;
      if (net.cy) {
        net.write(applySearch);
      }
    },
    nextHit: nextHit,
    hideTip: hideTip,
  };

  net.part({
    wire: function (cy) {
      cy.on("mouseover", "node, edge", function (event) {
        point(event.target);
        showTip(event);
        cy.container().style.cursor = "pointer";
      });
      cy.on("mousemove", moveTip);
      cy.on("mouseout", "node, edge", function () {
        unpoint();
        cy.container().style.cursor = "";
      });
      cy.on("remove grab", "node, edge", hideTip);
    },
    drawn: function () {
      net.write(function () {
        applyAway();
        applyFocus();
        applySearch();
      });
    },
  });
})();
