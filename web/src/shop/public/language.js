// Runs before anything else: the page's language decides what the shop and the counselling launcher say.
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
