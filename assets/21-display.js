// Time zone and units of this browser's page; what is chosen is kept by the component itself.
(function () {
  "use strict";
  var UNITS = { si: "MB", iec: "MiB", bits: "bit/s" };

  function local() {
    try {
      return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
    } catch (_) {
      return "UTC";
    }
  }

  // "Europe/Berlin" is "Berlin" beside a field; the menu's button has the whole name as a tip.
  function short(zone) {
    return zone.split("/").pop().replace(/_/g, " ");
  }

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    atlasDisplay: {
      chosen: function (zone, units) {
        var name = zone === "local" ? local() : "UTC";
        document.querySelectorAll(".zone-name").forEach(function (place) {
          place.textContent = name === "UTC" ? "(UTC)" : "(" + short(name) + " time)";
        });
        return [{ zone: name, units: units }, short(name) + ", " + (UNITS[units] || UNITS.si)];
      },
    },
  });
})();
