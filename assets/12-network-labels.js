// Which nodes and edges carry a label: as many as have room at this zoom, those with most traffic
// first. Labels keep their size on the screen, so zooming in makes room for more.
(function () {
  "use strict";
  var net = window.flowAtlasNetwork;
  var FONT_PX = 12.5;
  var EDGE_FONT_PX = 11;
  var GAP_PX = 4;
  var ROOM_PX = 190;
  var FEW_EDGES = 40;
  var MOST_EDGE_LABELS = 60;
  var NEAR_ZOOM = 1.5;
  var HUBS = 12;
  var SIDES = ["bottom", "top", "right", "left"];
  var widths = new Map();
  var pencil = document.createElement("canvas").getContext("2d");
  var scale = 0;
  var timer = null;

  function widthOf(text) {
    if (!widths.has(text)) {
      pencil.font = FONT_PX + "px " + getComputedStyle(document.body).fontFamily;
      widths.set(text, Math.min(pencil.measureText(text).width * 1.04, ROOM_PX));
    }
    return widths.get(text);
  }

  // Half steps of two: a small zoom keeps every label as it is.
  function scaleAt(zoom) {
    var step = Math.round(2 * Math.log2(1 / zoom)) / 2;
    return Math.pow(2, Math.max(-2, Math.min(3.5, step)));
  }

  // Boxes in a grid, so that each is compared with its neighbors alone.
  function Boxes(cell) {
    this.cell = cell;
    this.cells = new Map();
  }

  Boxes.prototype.each = function (box, visit) {
    for (var x = Math.floor(box[0] / this.cell); x <= Math.floor(box[2] / this.cell); x++) {
      for (var y = Math.floor(box[1] / this.cell); y <= Math.floor(box[3] / this.cell); y++) {
        if (visit(x + " " + y)) {
          return true;
        }
      }
    }
    return false;
  };

  Boxes.prototype.add = function (box) {
    var cells = this.cells;
    this.each(box, function (name) {
      if (!cells.has(name)) {
        cells.set(name, []);
      }
      cells.get(name).push(box);
    });
  };

  Boxes.prototype.isFree = function (box, own) {
    var cells = this.cells;
    return !this.each(box, function (name) {
      return (cells.get(name) || []).some(function (other) {
        return (
          other !== own &&
          box[0] < other[2] &&
          other[0] < box[2] &&
          box[1] < other[3] &&
          other[1] < box[3]
        );
      });
    });
  };

  function disc(node) {
    var at = node.position();
    var half = node.data("size") / 2;
    return [at.x - half, at.y - half, at.x + half, at.y + half];
  }

  function labelBox(side, around, width, height, gap) {
    var x = (around[0] + around[2]) / 2;
    var y = (around[1] + around[3]) / 2;
    if (side === "bottom") {
      return [x - width / 2, around[3] + gap, x + width / 2, around[3] + gap + height];
    }
    if (side === "top") {
      return [x - width / 2, around[1] - gap - height, x + width / 2, around[1] - gap];
    }
    if (side === "right") {
      return [around[2] + gap, y - height / 2, around[2] + gap + width, y + height / 2];
    }
    return [around[0] - gap - width, y - height / 2, around[0] - gap, y + height / 2];
  }

  function placeNodes(nodes, taken) {
    var discs = new Map();
    // A hub among its many small peers has no free side: over these its label may lie.
    var firm = new Boxes(taken.cell);
    nodes.forEach(function (node, place) {
      var box = disc(node);
      discs.set(node.id(), box);
      taken.add(box);
      if (place < HUBS) {
        firm.add(box);
      }
    });
    var sides = new Map();
    nodes.forEach(function (node, place) {
      var own = discs.get(node.id());
      var width = widthOf(node.data("name")) * scale;
      function label(among) {
        return SIDES.some(function (side) {
          var box = labelBox(side, own, width, FONT_PX * 1.25 * scale, GAP_PX * scale);
          if (!among.isFree(box, own)) {
            return false;
          }
          taken.add(box);
          firm.add(box);
          sides.set(node.id(), side);
          return true;
        });
      }
      return label(taken) || (place < HUBS && label(firm));
    });
    return sides;
  }

  function placeEdges(taken) {
    var labels = new Set();
    var visible = net.cy.edges(":visible");
    if (net.isCheap()) {
      return labels;
    }
    var near = visible.length <= FEW_EDGES || net.cy.zoom() >= NEAR_ZOOM;
    var wanted = visible.filter(function (edge) {
      return near || edge.data("state") === "mixed";
    });
    wanted
      .sort(function (a, b) {
        return b.data("width") - a.data("width");
      })
      .slice(0, MOST_EDGE_LABELS)
      .forEach(function (edge) {
        var middle = edge.midpoint();
        var from = edge.source().position();
        var to = edge.target().position();
        var angle = Math.atan2(to.y - from.y, to.x - from.x);
        var cos = Math.abs(Math.cos(angle));
        var sin = Math.abs(Math.sin(angle));
        var long = ((widthOf(edge.data("label")) * EDGE_FONT_PX) / FONT_PX) * scale;
        var high = EDGE_FONT_PX * 1.4 * scale;
        var x = (long * cos + high * sin) / 2;
        var y = (long * sin + high * cos) / 2;
        var box = [middle.x - x, middle.y - y, middle.x + x, middle.y + y];
        if (Number.isFinite(box[0]) && taken.isFree(box)) {
          taken.add(box);
          labels.add(edge.id());
        }
      });
    return labels;
  }

  function dress(element, font) {
    if (element.data("font") !== font) {
      element.data({
        font: font,
        outline: 2.5 * scale,
        gap: GAP_PX * scale,
        gap_back: -GAP_PX * scale,
        room: ROOM_PX * scale,
      });
    }
  }

  function place() {
    if (!net.cy || !net.cy.width()) {
      return;
    }
    scale = scaleAt(net.cy.zoom());
    var nodes = net.shown().toArray();
    nodes.sort(function (a, b) {
      return b.data("weight") - a.data("weight") || (a.id() < b.id() ? -1 : 1);
    });
    var taken = new Boxes(90 * scale);
    var sides = placeNodes(nodes, taken);
    var edges = placeEdges(taken);
    net.write(function () {
      nodes.forEach(function (node) {
        var side = sides.get(node.id());
        dress(node, FONT_PX * scale);
        node.toggleClass("labeled", Boolean(side));
        SIDES.slice(1).forEach(function (name) {
          node.toggleClass("side-" + name, name === side);
        });
      });
      net.cy.edges().forEach(function (edge) {
        if (edges.has(edge.id())) {
          dress(edge, EDGE_FONT_PX * scale);
        }
        edge.toggleClass("labeled", edges.has(edge.id()));
      });
    });
  }

  net.labels = { place: place };

  net.part({
    wire: function (cy) {
      cy.on("zoom", function () {
        window.clearTimeout(timer);
        timer = window.setTimeout(function () {
          var wasNear = cy.edges(".labeled").length > 0;
          if (scaleAt(cy.zoom()) !== scale || wasNear !== cy.zoom() >= NEAR_ZOOM) {
            place();
          }
        }, 90);
      });
    },
  });
})();
