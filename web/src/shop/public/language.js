// This script must run before all others: it sets the page's language, which decides the language of the shop and of the widget's
// launcher.
(function () {
  var known = ["ko", "en", "ja", "zh-Hans", "es"];
  var of = function (tag) {
    return known.find(function (one) {
      return one.split("-")[0] === String(tag).split("-")[0];
    });
  };
  var asked = of(new URLSearchParams(location.search).get("lang"));
  var kept = null;
  try {
    if (asked) localStorage.setItem("shop-language", asked);
    kept = localStorage.getItem("shop-language");
  } catch {
    kept = asked;
  }
  document.documentElement.lang = of(kept) || navigator.languages.map(of).find(Boolean) || "en";
})();
