// The drawer: shown while something is selected, closed with Esc, focus goes back to where it was.
// Also what can be copied (data-copy) and what selects a part of the network (data-part).
(function () {
  "use strict";
  var before = null; // Where the focus was before it went into the drawer.

  function drawer() {
    return document.querySelector(".drawer");
  }

  function isOpen() {
    var panel = drawer();
    return Boolean(panel) && !panel.hidden;
  }

  function store(element) {
    var around = element.closest("[data-selection]");
    return around ? around.dataset.selection : drawer().dataset.selection;
  }

  // The network marks what is selected, so it has the first word where it draws the part.
  function select(element, part) {
    var net = window.flowAtlasNetwork;
    var drawn = part && net && net.cy ? find(net.cy, part) : null;
    if (net && net.cy && (drawn || !part)) {
      net.select.set(drawn);
      return;
    }
    if (net && net.cy) {
      net.select.set(null);
    }
    window.dash_clientside.set_props(store(element), { data: part });
  }

  function find(cy, part) {
    var found = cy.elements().filter(function (one) {
      var data = one.data();
      if (part.kind === "node") {
        return one.isNode() && data.name === part.id && data.scope !== "other";
      }
      return (
        one.isEdge() &&
        ["src", "dst", "port", "protocol"].every(function (name) {
          return data[name] === part.id[name];
        })
      );
    });
    return found.length ? found[0] : null;
  }

  function back() {
    var place = before && document.contains(before) ? before : null;
    place = place || document.querySelector(".network-canvas");
    if (place) {
      place.focus({ preventScroll: true });
    }
  }

  function close() {
    select(drawer(), null);
    back();
  }

  function widen(button) {
    var is_wide = drawer().classList.toggle("wide");
    button.setAttribute("aria-pressed", String(is_wide));
    window.dispatchEvent(new Event("resize"));
  }

  function copy(button) {
    var said = button.textContent;
    window.flowAtlasCopied(button.dataset.copy).then(function () {
      button.textContent = "Copied";
      window.setTimeout(function () {
        button.textContent = said;
      }, 1200);
    });
  }

  document.addEventListener("click", function (event) {
    var button = event.target.closest ? event.target.closest("button") : null;
    if (!button) {
      return;
    }
    if (button.classList.contains("drawer-close")) {
      close();
    } else if (button.classList.contains("drawer-wide")) {
      widen(button);
    } else if (button.dataset.copy) {
      copy(button);
    } else if (button.dataset.part) {
      select(button, JSON.parse(button.dataset.part));
    }
  });

  document.addEventListener("focusin", function (event) {
    var panel = drawer();
    if (panel && !panel.contains(event.target)) {
      before = event.target;
    }
  });

  function isField(element) {
    return Boolean(element && element.closest("input, select, textarea, [role='menu'], [role='listbox']"));
  }

  // The network's own keys stop there; here come those of all other places.
  document.addEventListener("keydown", function (event) {
    if (!isOpen() || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    var inside = drawer().contains(document.activeElement);
    if (event.key === "Escape" && (inside || !isField(document.activeElement))) {
      event.preventDefault();
      close();
    } else if (event.key === "d" && !inside && !isField(document.activeElement)) {
      event.preventDefault();
      drawer().focus({ preventScroll: true });
    }
  });

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    atlasDrawer: {
      hidden: function (selection) {
        return !selection;
      },
    },
  });
})();
