// Markup as one component: see dashboard/ui/plain.py. React makes elements of known kinds with known
// attributes and text; nothing is read as HTML.
(function () {
  "use strict";
  var TAGS = "b button canvas code dd div dl dt em h2 h3 h4 i kbd li ol p pre section small span strong table tbody td th thead tr ul".split(" ");
  var ATTRIBUTES = "className hidden role scope style tabIndex title type".split(" ");

  function isKnown(name) {
    return ATTRIBUTES.indexOf(name) >= 0 || /^(aria|data)-/.test(name);
  }

  function element(node, content, id) {
    var tag = String(node.type).toLowerCase();
    if (TAGS.indexOf(tag) < 0) {
      throw new Error("no plain element: " + node.type);
    }
    var attributes = id ? { id: id } : {};
    Object.keys(node.props).forEach(function (name) {
      if (isKnown(name)) {
        attributes[name] = node.props[name];
      }
    });
    return window.React.createElement.apply(null, [tag, attributes].concat(built(content)));
  }

  function built(content) {
    if (Array.isArray(content)) {
      return content.map(built);
    }
    return content && typeof content === "object" ? element(content, content.props.children) : content;
  }

  window.flow_atlas = {
    Plain: function (props) {
      return element(props.host, props.content, props.id);
    },
  };
})();
