// The page's callbacks that need no server.
(function () {
  "use strict";

  function copied(text) {
    if (navigator.clipboard && window.isSecureContext) {
      return navigator.clipboard.writeText(text);
    }
    // Plain HTTP from another machine has no clipboard interface.
    var field = document.createElement("textarea");
    field.value = text;
    document.body.appendChild(field);
    field.select();
    document.execCommand("copy");
    field.remove();
    return Promise.resolve();
  }

  window.flowAtlasCopied = copied;

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    atlas: {
      theme: function (clicks) {
        var scheme = clicks ? window.flowAtlasTheme.toggle() : window.flowAtlasTheme.current();
        return [scheme, scheme];
      },
      // A chart also tells of its size; only a range that was drawn is worth a question.
      brush: function (event) {
        var drawn = event && event["xaxis.range[0]"] && event["xaxis.range[1]"];
        return drawn ? event : window.dash_clientside.no_update;
      },
      // A range that holds all records leads nowhere.
      steps: function (span) {
        var labels = Array.prototype.slice.call(arguments, 1);
        var isAll = span === "all";
        return labels
          .map(function () {
            return isAll;
          })
          .concat(
            labels.map(function (label) {
              return isAll ? label + ": all records are shown already" : label;
            })
          );
      },
      copyLink: function () {
        return copied(window.location.href).then(
          function () {
            return "Link copied";
          },
          function () {
            return "Copy the address bar";
          }
        );
      },
    },
  });
})();
