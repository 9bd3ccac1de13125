// Which part of the network is on the screen: fit, zoom, center, and the small map of the whole.
(function () {
  "use strict";
  var net = window.flowAtlasNetwork;
  var KEY = "flow-atlas-map";
  var FIT_PADDING = 30;
  var MAX_FIT_ZOOM = 2;
  var STEP = 1.3;
  var MAP_MARGIN = 5;
  // Set once the reader has chosen what to see: then a new size of the panel changes nothing.
  var touched = false;
  var mapOn = storedOn();
  var picture = null;
  var frame = null;
  var drawing = false;

  function storedOn() {
    try {
      return window.localStorage.getItem(KEY) !== "off";
    } catch (_) {
      return true;
    }
  }

  function fit() {
    var cy = net.cy;
    if (cy.width() > 0 && cy.nodes().length) {
      fitShown();
      // The zoom says how large labels are, and they belong to what is to be seen.
      net.labels.place();
      fitShown();
      touched = false;
    }
  }

  function fitShown() {
    net.cy.fit(net.shown(), FIT_PADDING);
    if (net.cy.zoom() > MAX_FIT_ZOOM) {
      net.cy.zoom({ level: MAX_FIT_ZOOM, renderedPosition: middle() });
      net.cy.center(net.shown());
    }
  }

  function middle() {
    return { x: net.cy.width() / 2, y: net.cy.height() / 2 };
  }

  function zoom(factor) {
    touched = true;
    net.cy.zoom({ level: net.cy.zoom() * factor, renderedPosition: middle() });
  }

  function center(node) {
    touched = true;
    if (net.cy.zoom() < 0.8) {
      net.cy.zoom(0.9);
    }
    panTo(node.position());
  }

  function panTo(place) {
    var level = net.cy.zoom();
    net.cy.pan({ x: middle().x - place.x * level, y: middle().y - place.y * level });
  }

  // Bring a node into the panel, by as little as it needs.
  function reveal(node) {
    var at = node.renderedPosition();
    var margin = 60;
    var dx = Math.max(margin - at.x, 0) + Math.min(net.cy.width() - margin - at.x, 0);
    var dy = Math.max(margin - at.y, 0) + Math.min(net.cy.height() - margin - at.y, 0);
    if (dx || dy) {
      touched = true;
      net.cy.panBy({ x: dx, y: dy });
    }
  }

  function relocate() {
    net.cy.renderer().invalidateContainerClientCoordsCache();
  }

  // Map ---------------------------------------------------------------------------------------

  function canvas() {
    return net.find(".network-map");
  }

  function color(name) {
    return getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
  }

  // Nodes are drawn once a picture; a move of the view repaints its frame alone.
  function sketch() {
    var map = canvas();
    var density = window.devicePixelRatio || 1;
    var width = Math.round(map.clientWidth * density);
    var height = Math.round(map.clientHeight * density);
    if (map.width !== width || map.height !== height) {
      map.width = width; // Costs as much as drawing, if it is the same too.
      map.height = height;
    }
    picture = document.createElement("canvas");
    picture.width = map.width;
    picture.height = map.height;
    var box = net.shown().boundingBox({ includeLabels: false, includeEdges: false });
    var room = 2 * MAP_MARGIN * density;
    var scale = Math.min((map.width - room) / box.w, (map.height - room) / box.h);
    frame = {
      scale: scale,
      density: density,
      x: (map.width - box.w * scale) / 2 - box.x1 * scale,
      y: (map.height - box.h * scale) / 2 - box.y1 * scale,
      box: box,
    };
    var pencil = picture.getContext("2d");
    var fills = { internet: color("internet"), internal: color("internal") };
    net.shown().forEach(function (node) {
      var at = node.position();
      var radius = Math.max(1.2 * density, (node.data("size") / 2) * scale);
      pencil.fillStyle = node.data("scope") === "internet" ? fills.internet : fills.internal;
      pencil.beginPath();
      pencil.arc(at.x * scale + frame.x, at.y * scale + frame.y, radius, 0, 7);
      pencil.fill();
    });
  }

  function paint() {
    drawing = false;
    var map = canvas();
    if (!map || !net.cy || !map.clientWidth) {
      return; // The tab of the table lies on top.
    }
    if (!picture || !map.width) {
      if (!net.shown().length) {
        return;
      }
      sketch();
    }
    var view = net.cy.extent();
    var box = frame.box;
    var isWhole =
      view.x1 <= box.x1 && view.y1 <= box.y1 && view.x2 >= box.x2 && view.y2 >= box.y2;
    map.classList.toggle("whole", isWhole || !mapOn);
    var pencil = map.getContext("2d");
    pencil.clearRect(0, 0, map.width, map.height);
    pencil.drawImage(picture, 0, 0);
    pencil.strokeStyle = color("accent");
    pencil.lineWidth = 1.5 * frame.density;
    pencil.strokeRect(
      view.x1 * frame.scale + frame.x,
      view.y1 * frame.scale + frame.y,
      view.w * frame.scale,
      view.h * frame.scale
    );
  }

  function repaint() {
    if (!drawing) {
      drawing = true;
      window.requestAnimationFrame(paint);
    }
  }

  function resketch() {
    picture = null;
    repaint();
  }

  function goTo(event) {
    var area = canvas().getBoundingClientRect();
    var x = ((event.clientX - area.left) * frame.density - frame.x) / frame.scale;
    var y = ((event.clientY - area.top) * frame.density - frame.y) / frame.scale;
    touched = true;
    panTo({ x: x, y: y });
  }

  function showMapState() {
    net.find(".network-map-switch").setAttribute("aria-pressed", String(mapOn));
  }

  net.view = {
    fit: fit,
    zoomIn: zoom.bind(null, STEP),
    zoomOut: zoom.bind(null, 1 / STEP),
    center: center,
    reveal: reveal,
    toggleMap: function () {
      mapOn = !mapOn;
      try {
        window.localStorage.setItem(KEY, mapOn ? "on" : "off");
      } catch (_) {
        // Kept for this visit only.
      }
      showMapState();
      resketch();
    },
  };

  net.part({
    wire: function (cy) {
      cy.on("dragpan scrollzoom pinchzoom grab", function () {
        touched = true;
      });
      cy.on("viewport", repaint);
      cy.on("dragfree", "node", resketch);
      cy.on("style", "node", function () {
        // A change of the theme restyles every node.
        resketch();
      });
      var before = middle();
      new ResizeObserver(function () {
        cy.resize();
        if (touched) {
          // What the reader has put into the middle stays there.
          cy.panBy({ x: middle().x - before.x, y: middle().y - before.y });
        } else {
          fit();
        }
        before = middle();
        resketch();
      }).observe(cy.container());
      // What is above may have grown: then the panel moves, and Cytoscape knows of sizes alone.
      ["pointerenter", "pointerdown"].forEach(function (event) {
        cy.container().addEventListener(event, relocate, true);
      });
      var map = canvas();
      map.addEventListener("pointerdown", function (event) {
        map.setPointerCapture(event.pointerId);
        goTo(event);
      });
      map.addEventListener("pointermove", function (event) {
        if (event.buttons) {
          goTo(event);
        }
      });
      showMapState();
    },
    drawn: function (fresh) {
      // While the reader drags or zooms many edges, a picture of them is moved.
      net.cy.renderer().textureOnViewport = net.isCheap();
      if (fresh) {
        fit();
      }
      net.labels.place();
      resketch();
    },
  });
})();
