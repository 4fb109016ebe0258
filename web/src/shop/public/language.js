// Runs first, because the page's language decides in which language the shop and the launcher of the widget are.
(function () {
  var asked = new URLSearchParams(location.search).get("lang");
  var kept = null;
  try {
    if (asked === "ko" || asked === "en") localStorage.setItem("shop-language", asked);
    kept = localStorage.getItem("shop-language");
  } catch {
    kept = asked;
  }
  document.documentElement.lang = kept === "en" || kept === "ko" ? kept : navigator.language.startsWith("ko") ? "ko" : "en";
})();
