// What is selected, and the menu of a node or an edge. Both reach the server through stores: a node
// by its name, an edge by its ends, port and protocol.
(function () {
  "use strict";
  var net = window.flowAtlasNetwork;
  var ENTRIES = [
    ["only", "Only this"],
    ["exclude", "Exclude"],
    ["peers", "Peers", "node"],
    ["hide", "Hide"],
    ["pin", "Pin", "node"],
    ["details", "Details"],
  ];
  var selected = null;
  var held = false;
  var box = null;

  function keyOf(part) {
    if (part.isNode()) {
      return part.data("name");
    }
    var data = part.data();
    return { src: data.src, dst: data.dst, port: data.port, protocol: data.protocol };
  }

  function kindOf(part) {
    return part.isNode() ? "node" : "edge";
  }

  function isReal(part) {
    return part.data("scope") !== "other";
  }

  function mark() {
    net.cy.elements().forEach(function (part) {
      var chosen = part.id() === selected;
      if (part.selected() !== chosen) {
        part[chosen ? "select" : "unselect"]();
      }
    });
  }

  function set(part) {
    selected = part && isReal(part) ? part.id() : null;
    mark();
    var value = selected ? { kind: kindOf(part), id: keyOf(part) } : null;
    net.send("selection", { data: value });
    if (selected) {
      net.say("Details of " + String(part.data("tip")).split("\n")[0]);
    }
  }

  function current() {
    var part = selected ? net.cy.getElementById(selected) : null;
    return part && part.length ? part : null;
  }

  function expand(node) {
    if (isReal(node)) {
      net.send("expand", { data: { node: node.data("name"), time: Date.now() } });
    }
  }

  function act(action, part) {
    if (action === "hide") {
      net.marks.hide(part);
    } else if (action === "pin") {
      net.places.togglePin(part);
    } else if (action === "details") {
      set(part);
    }
    var value = { action: action, kind: kindOf(part), key: keyOf(part), time: Date.now() };
    net.send("command", { data: value });
  }

  // Menu --------------------------------------------------------------------------------------

  function close(andFocus) {
    if (box) {
      box.remove();
      box = null;
      if (andFocus) {
        net.find(".network-canvas").focus({ preventScroll: true });
      }
    }
  }

  function entry(part, action, text) {
    var button = document.createElement("button");
    button.type = "button";
    button.setAttribute("role", "menuitem");
    button.tabIndex = -1;
    button.dataset.action = action;
    button.textContent = action === "pin" && net.places.isPinned(part) ? "Unpin" : text;
    button.addEventListener("click", function () {
      close(true);
      act(action, part);
    });
    return button;
  }

  function onMenuKey(event) {
    var items = Array.from(box.children);
    var index = items.indexOf(document.activeElement);
    var to = {
      ArrowDown: (index + 1) % items.length,
      ArrowUp: (index - 1 + items.length) % items.length,
      Home: 0,
      End: items.length - 1,
    }[event.key];
    if (to !== undefined) {
      items[to].focus();
    } else if (event.key === "Escape" || event.key === "Tab") {
      close(true);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  function open(part, x, y) {
    close(false);
    net.marks.hideTip();
    if (!isReal(part)) {
      return;
    }
    box = document.createElement("div");
    box.className = "network-menu";
    box.setAttribute("role", "menu");
    box.setAttribute("aria-label", "Actions for " + String(part.data("tip")).split("\n")[0]);
    ENTRIES.forEach(function (one) {
      if (!one[2] || one[2] === kindOf(part)) {
        box.appendChild(entry(part, one[0], one[1]));
      }
    });
    box.addEventListener("keydown", onMenuKey);
    net.root.appendChild(box);
    var left = Math.min(x, window.innerWidth - box.offsetWidth - 8);
    var top = Math.min(y, window.innerHeight - box.offsetHeight - 8);
    box.style.left = left + "px";
    box.style.top = top + "px";
    box.firstChild.focus({ preventScroll: true });
  }

  function openAt(part) {
    var area = net.cy.container().getBoundingClientRect();
    var at = part.isNode() ? part.renderedPosition() : part.renderedMidpoint();
    open(part, area.left + at.x + 8, area.top + at.y + 8);
  }

  net.select = { set: set, current: current, expand: expand };
  net.menu = { openAt: openAt };

  net.part({
    wire: function (cy) {
      cy.on("tap", function (event) {
        if (held) {
          held = false; // The end of a long press is no click; its menu stays.
          return;
        }
        close(false);
        var part = event.target === cy ? null : event.target;
        net.find(".network-canvas").focus({ preventScroll: true });
        net.walk.remember(part);
        set(part);
      });
      cy.on("dbltap", "node", function (event) {
        expand(event.target);
      });
      cy.on("cxttap taphold", "node, edge", function (event) {
        var isHold = event.type === "taphold";
        if (isHold && !event.originalEvent.touches) {
          return; // A mouse has a button for the menu, and a slow click is a click.
        }
        held = isHold;
        var area = cy.container().getBoundingClientRect();
        var at = event.renderedPosition;
        net.walk.remember(event.target);
        open(event.target, area.left + at.x, area.top + at.y);
      });
      cy.on("tapstart", function () {
        held = false;
      });
      cy.on("dragpan scrollzoom pinchzoom", function () {
        close(false);
      });
      document.addEventListener("pointerdown", function (event) {
        if (box && !box.contains(event.target)) {
          close(false);
        }
      });
    },
    drawn: mark,
  });
})();
