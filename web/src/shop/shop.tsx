import "./shop.css";
import { render } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { me, signIn, signOut } from "./account";
import { cut } from "../ui/cut";
import type {} from "../widget/widget";
import { type Cart, changed, count, loadCart, saveCart } from "./cart";
import { languages, locale, setLocale, whenReady } from "../ui/i18n";
import { ownName } from "../ui/own-name";
import { type Category, FACTS, ITEMS, type Item, item, jsonLd, page, picture, won } from "./products";
import { t } from "./texts";

const { page: pageName = "list", category = "", product = "" } = document.body.dataset;

const askCounselor = (event: Event) => {
  event.preventDefault();
  window.Sangdam?.open();
};

function SignIn({ onDone, onCancel }: { onDone: (name: string) => void; onCancel: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [name, setName] = useState("");
  const [failed, setFailed] = useState(false);
  // open the dialog before the page is painted, so that no letter that somebody types is lost
  useLayoutEffect(() => dialog.current?.showModal(), []);
  const submit = async (event: Event) => {
    event.preventDefault();
    const known = await signIn(cut(name.trim(), 40)).catch(() => "");
    if (known) onDone(known);
    else setFailed(true);
  };
  return (
    <dialog ref={dialog} aria-labelledby="sign-in" onCancel={onCancel}>
      <form onSubmit={(event) => void submit(event)}>
        <h2 id="sign-in">{t("signInTitle")}</h2>
        <p class="quiet">{t("signInHint")}</p>
        <label>
          {t("nameLabel")}
          <input
            name="name"
            required
            autoComplete="given-name"
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        </label>
        {failed && <p role="alert">{t("signInFailed")}</p>}
        <div class="row">
          <button type="button" class="plain" onClick={onCancel}>
            {t("cancel")}
          </button>
          <button type="submit" class="main" data-testid="shop-sign-in">
            {t("signInDo")}
          </button>
        </div>
      </form>
    </dialog>
  );
}

function Account() {
  const [name, setName] = useState("");
  const [asking, setAsking] = useState(false);
  useEffect(() => void me().then(setName), []);
  if (name)
    return (
      <span class="account">
        <span data-testid="shop-name">{t("hello", { name })}</span>
        <button class="link" onClick={() => void signOut().then(() => setName(""))}>
          {t("signOut")}
        </button>
      </span>
    );
  const done = (known: string) => {
    setName(known);
    setAsking(false);
  };
  return (
    <>
      <button class="link" data-testid="shop-account" onClick={() => setAsking(true)}>
        {t("signIn")}
      </button>
      {asking && <SignIn onDone={done} onCancel={() => setAsking(false)} />}
    </>
  );
}

const NAVIGATION = [
  ["home", "/", ""],
  ["cameras", "/cameras.html", "cameras"],
  ["audio", "/audio.html", "audio"],
] as const;

function Header({ cart }: { cart: Cart }) {
  const here = pageName === "list" ? category : pageName === "product" ? (item(product)?.category ?? "") : "-";
  return (
    <header>
      <a class="skip" href="#content">
        {t("skip")}
      </a>
      <a class="brand" href="/">
        <img src="/logo.svg" alt="" width="32" height="32" />
        {t("shop")}
      </a>
      <nav>
        {NAVIGATION.map(([key, href, own]) => (
          <a key={key} href={href} aria-current={here === own ? "page" : undefined}>
            {t(key)}
          </a>
        ))}
      </nav>
      <div class="tools">
        <select
          aria-label={ownName(locale())}
          onChange={(event) => location.assign(`?lang=${event.currentTarget.value}`)}
          data-testid="shop-language"
        >
          {languages().map((language) => (
            <option key={language} value={language} lang={language} selected={language === locale()}>
              {ownName(language)}
            </option>
          ))}
        </select>
        <Account />
        <a class="cart" href="/cart.html" data-testid="shop-cart">
          {t("cart")} <b>{count(cart)}</b>
        </a>
      </div>
    </header>
  );
}

function Card({ one }: { one: Item }) {
  return (
    <li class="card">
      <a href={page(one.id)}>
        <img src={picture(one.id)} alt="" width="960" height="720" />
        <span class="quiet">{t(one.category)}</span>
        <h3>{t(`${one.id}.name`)}</h3>
        <p>{t(`${one.id}.short`)}</p>
        <strong>{won(one.price, locale())}</strong>
      </a>
    </li>
  );
}

function List({ only }: { only: Category | "" }) {
  return (
    <>
      {only === "" ? (
        <section class="hero">
          <div>
            <p class="quiet">{t("tagline")}</p>
            <h1>{t("heroTitle")}</h1>
            <p>{t("heroText")}</p>
            <a class="main" href="#ask" data-testid="shop-ask" onClick={askCounselor}>
              {t("ask")}
            </a>
          </div>
          <img src={picture("m5")} alt="" width="960" height="720" />
        </section>
      ) : (
        <h1>{t(only)}</h1>
      )}
      <ul class="grid">
        {ITEMS.filter((one) => only === "" || one.category === only).map((one) => (
          <Card key={one.id} one={one} />
        ))}
      </ul>
    </>
  );
}

function Product({ one, onAdd }: { one: Item; onAdd: () => void }) {
  const [added, setAdded] = useState(false);
  const name = t(`${one.id}.name`);
  return (
    <>
      <article class="product">
        <img src={picture(one.id)} alt={name} width="960" height="720" />
        <div>
          <p class="quiet">
            <a href={`/${one.category}.html`}>{t(one.category)}</a>
          </p>
          <h1>{name}</h1>
          <p class="price">{won(one.price, locale())}</p>
          <p>{t(`${one.id}.about`)}</p>
          <p class="quiet">{t("delivery")}</p>
          <button
            class="main"
            data-testid="shop-add"
            data-sangdam-mark={`${t("add")}: ${name}`}
            onClick={() => {
              onAdd();
              setAdded(true);
            }}
          >
            {t("add")}
          </button>
          <p role="status" class="added">
            {added && (
              <>
                {t("added")} <a href="/cart.html">{t("seeCart")}</a>
              </>
            )}
          </p>
          <aside class="ask">
            <p>
              <b>{t("askProduct")}</b>
              <br />
              <a href="#ask" data-testid="shop-ask" onClick={askCounselor}>
                {t("askProductLink")}
              </a>{" "}
              <span class="quiet">{t("askMore")}</span>
            </p>
          </aside>
        </div>
      </article>
      <section>
        <h2>{t("specification")}</h2>
        <dl class="facts">
          {FACTS.map((n) => (
            <div key={n}>
              <dt>{t(`${one.id}.fact${n}`)}</dt>
              <dd>{t(`${one.id}.value${n}`)}</dd>
            </div>
          ))}
        </dl>
      </section>
      <section>
        <h2>{t("also")}</h2>
        <ul class="grid">
          {ITEMS.filter((other) => other.category === one.category && other.id !== one.id).map((other) => (
            <Card key={other.id} one={other} />
          ))}
        </ul>
      </section>
    </>
  );
}

function CartPage({ cart, onChange }: { cart: Cart; onChange: (id: string, by: number) => void }) {
  const rows = ITEMS.filter((one) => cart[one.id]);
  const total = rows.reduce((sum, one) => sum + one.price * (cart[one.id] ?? 0), 0);
  if (rows.length === 0)
    return (
      <>
        <h1>{t("cart")}</h1>
        <p>{t("cartEmpty")}</p>
        <p>
          <a href="/">{t("cartBack")}</a>
        </p>
      </>
    );
  return (
    <>
      <h1>{t("cart")}</h1>
      <ul class="rows">
        {rows.map((one) => (
          <li key={one.id}>
            <img src={picture(one.id)} alt="" width="960" height="720" />
            <a href={page(one.id)}>{t(`${one.id}.name`)}</a>
            <span class="count">
              <button class="plain" aria-label={t("less")} onClick={() => onChange(one.id, -1)}>
                −
              </button>
              <output>{cart[one.id]}</output>
              <button class="plain" aria-label={t("more")} onClick={() => onChange(one.id, 1)}>
                +
              </button>
            </span>
            <strong>{won(one.price * (cart[one.id] ?? 0), locale())}</strong>
            <button
              class="link"
              data-sangdam-mark={`${t("remove")}: ${t(`${one.id}.name`)}`}
              onClick={() => onChange(one.id, -99)}
            >
              {t("remove")}
            </button>
          </li>
        ))}
      </ul>
      <p class="total">
        {t("total")} <strong>{won(total, locale())}</strong>
      </p>
      <p class="ask">
        {t("cartAsk")}{" "}
        <a href="#ask" data-testid="shop-ask" onClick={askCounselor}>
          {t("cartAskLink")}
        </a>
      </p>
    </>
  );
}

function Privacy() {
  return (
    <>
      <h1>{t("privacy")}</h1>
      {(["privacyIntro", "privacyWhat", "privacyWho", "privacyLong"] as const).map((key) => (
        <p key={key}>{t(key)}</p>
      ))}
    </>
  );
}

function Shop() {
  const [cart, setCart] = useState(loadCart);
  const change = (id: string, by: number) => {
    const next = changed(cart, id, by);
    saveCart(next);
    setCart(next);
  };
  const one = item(product);
  return (
    <>
      <Header cart={cart} />
      <main id="content">
        {pageName === "cart" && <CartPage cart={cart} onChange={change} />}
        {pageName === "product" && one && <Product one={one} onAdd={() => change(one.id, 1)} />}
        {pageName === "privacy" && <Privacy />}
        {pageName === "list" && <List only={category as Category | ""} />}
      </main>
      <footer>
        {t("footer")} <a href="/privacy.html">{t("privacy")}</a>
      </footer>
    </>
  );
}

/** Sets the title and the product data, which search engines and the widget read, in the chosen language. The HTML is in
 *  Korean. */
function describe(): void {
  const one = item(product);
  const title = one
    ? t(`${one.id}.name`)
    : pageName === "cart" || pageName === "privacy"
      ? t(pageName)
      : category
        ? t(category as Category)
        : t("tagline");
  document.title = `${title} – ${t("shop")}`;
  const block = document.querySelector('script[type="application/ld+json"]');
  if (one && block) block.textContent = JSON.stringify(jsonLd(one, t));
}

void setLocale(document.documentElement.lang);
whenReady(() => {
  describe();
  render(<Shop />, document.getElementById("app")!);
});
