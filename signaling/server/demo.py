"""The demo: a shop on another origin, with its categories, keys and demo accounts.

Everything in the demo runs on the real service. Like a partner, the shop has pages with the widget's `<script>`, a sign-in (a
name is enough), and a back end. The back end vouches for a signed-in customer by signing identification codes with the site's
key.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeVar
from urllib.parse import urlsplit

import argon2
import msgspec
from aiohttp import web
from msgspec import Struct
from msgspec.structs import replace

from signaling.access.codes import Claims, Product, User, secret_bytes, server_secret, sign
from signaling.config.settings import Settings
from signaling.protocol.language_tags import lookup
from signaling.protocol.reading import Reader, Unreadable, by
from signaling.protocol.texts import Seen
from signaling.protocol.words import Locale, Role
from signaling.records import Category, Records, Site, SiteKey, StaffRecord
from signaling.server.guarded import marks_served
from signaling.server.http.bodies import Key, file_inside
from signaling.server.http.compressed import file_response
from signaling.server.http.pages import PAGES, not_built

T = TypeVar("T")

SITE = "demo-shop"
KEY_ID = "shop-1"
_LANGUAGES = ["ko", "en", "ja", "zh-Hans", "es"]
_PLACEHOLDER = b"__SANGDAM__"  # text in the shop's pages that is replaced by the URL of the service
_CODE_LIFE_S = 300
_MOST_VISITORS = 1000
_COOKIE = "shop"
# The passwords' hash is quick to compute (under 1 ms): `sangdam serve --demo` prints the passwords, so a slow hash would protect
# nothing.
_QUICK = argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


@dataclass(frozen=True, slots=True)
class Account:
    """A demo account of a member of staff."""

    login: str
    name: str
    role: Role

    @property
    def password(self) -> str:
        return f"{self.login}-demo"


ACCOUNTS = (
    Account("jimin", "Jimin", "counselor"),
    Account("suho", "Suho", "counselor"),
    Account("drhan", "Dr. Han", "professional"),
    Account("ops", "Ops", "operator"),
)


def _named(*names: str) -> dict[str, str]:
    """Return a dictionary from language to name. `names`: one name for each language, in the order of `_LANGUAGES`."""
    return dict(zip(_LANGUAGES, names, strict=True))


# The goods of the shop's back end: id → (price in won, name in each language).
_GOODS = {
    "m5": (
        1_890_000,
        _named(
            "하늘 M5 미러리스 카메라",
            "Haneul M5 mirrorless camera",
            "ハヌルM5ミラーレスカメラ",
            "Haneul M5 无反相机",
            "Cámara sin espejo Haneul M5",
        ),
    ),
    "lens35": (
        590_000,
        _named(
            "하늘 35mm F1.8 렌즈",
            "Haneul 35mm F1.8 lens",
            "ハヌル35mm F1.8レンズ",
            "Haneul 35mm F1.8 镜头",
            "Objetivo Haneul 35mm F1.8",
        ),
    ),
    "boram": (
        129_000,
        _named(
            "보람 미니 즉석 카메라",
            "Boram Mini instant camera",
            "ボラム ミニ インスタントカメラ",
            "Boram Mini 拍立得",
            "Cámara instantánea Boram Mini",
        ),
    ),
    "sori-one": (
        329_000,
        _named(
            "소리 원 무선 헤드폰",
            "Sori One wireless headphones",
            "ソリ ワン ワイヤレスヘッドホン",
            "Sori One 无线耳机",
            "Auriculares inalámbricos Sori One",
        ),
    ),
    "sori-buds": (
        169_000,
        _named(
            "소리 버즈 이어폰",
            "Sori Buds earphones",
            "ソリ バッズ イヤホン",
            "Sori Buds 耳塞",
            "Auriculares de botón Sori Buds",
        ),
    ),
    "maru": (
        448_000,
        _named(
            "마루 북셸프 스피커",
            "Maru bookshelf speakers",
            "マル ブックシェルフスピーカー",
            "Maru 书架音箱",
            "Altavoces de estantería Maru",
        ),
    ),
}


def site_of(settings: Settings) -> Site:
    """Return the shop as a site of the service."""
    return Site(
        id=SITE,
        names=_named("빛과소리", "Light & Sound", "光と音の店", "光与声", "Luz y Sonido"),
        origins=[settings.shop_url],
        accent="#0f5f57",
        privacy_url=f"{settings.shop_url}/privacy.html",
        home_url=f"{settings.shop_url}/",
        languages=_LANGUAGES,
        categories={
            "cameras": Category(id="cameras", names=_named("카메라", "Cameras", "カメラ", "相机", "Cámaras")),
            "lenses": Category(id="lenses", parent="cameras", names=_named("렌즈", "Lenses", "レンズ", "镜头", "Objetivos")),
            "audio": Category(id="audio", names=_named("오디오", "Audio", "オーディオ", "音响", "Sonido")),
        },
        keys=[SiteKey(kid=KEY_ID, secret=_shop_secret(settings))],
    )


async def seed(records: Records, settings: Settings) -> None:
    """Store the demo's accounts and its site, if they are missing.

    If the site is stored already, update only the shop's key and addresses in it. Settings that operators have changed
    stay as they are.
    """
    known = await records.site(SITE)
    wanted = site_of(settings) if known is None else _with_shop(known, site_of(settings))
    if known != wanted:
        await records.save_site(wanted)
    for account in ACCOUNTS:
        if await records.staff_by_login(account.login) is None:
            await records.save_staff(
                StaffRecord(
                    id=account.login,
                    login=account.login,
                    name=account.name,
                    role=account.role,
                    offices=["administrator", "owner"] if account.role == "operator" else [],
                    password_hash=_QUICK.hash(account.password),
                    languages=_LANGUAGES,
                )
            )


def _with_shop(known: Site, demo: Site) -> Site:
    """Return the stored site with the shop's present key and address. The shop's address changes with `--shop-port`."""
    keys = [*demo.keys, *(key for key in known.keys if key.kid != KEY_ID)]
    return replace(
        known,
        keys=known.keys if demo.keys[0] in known.keys else keys,
        origins=list(dict.fromkeys([*known.origins, *demo.origins])),
        privacy_url=_moved(known, known.privacy_url, demo.privacy_url),
        home_url=_moved(known, known.home_url, demo.home_url),
    )


def _moved(known: Site, stored: str, present: str) -> str:
    """Return the present address of a page of the shop, or the stored address if operators have changed that address.

    The stored address counts as unchanged if it is the address of the same page at an earlier origin of the shop.
    """
    page = urlsplit(present)
    earlier = [origin for origin in known.origins if urlsplit(origin).hostname == page.hostname]
    return present if stored in [f"{origin}{page.path}" for origin in earlier] else stored


def _shop_secret(settings: Settings) -> str:
    """Return the key that the shop and the service share.

    This key is derived from the server's key, so that each installation has a different key.
    """
    digest = hmac.new(server_secret(settings.data_dir), b"demo shop", hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


# --- the shop's server -------------------------------------------------------------------------------------------------


class _SignIn(Struct):
    name: Annotated[str, by(Seen(40, least=1))]


class _ProductRef(Struct):
    id: Key = ""


class _CodeRequest(Struct):
    """The widget's request to the partner's back end for an identification code."""

    category: Key
    language: Locale
    product: _ProductRef | None = None


_read_sign_in: Reader[_SignIn] = Reader(_SignIn)
_read_code: Reader[_CodeRequest] = Reader(_CodeRequest)


class Shop:
    """The shop's server. The server holds signed-in visitors in memory, and forgets the oldest beyond `_MOST_VISITORS`."""

    def __init__(self, settings: Settings, pages: Path = PAGES / "shop") -> None:
        self._settings = settings
        self._pages = pages
        self._secret = secret_bytes(_shop_secret(settings))
        self._visitors: OrderedDict[str, User] = OrderedDict()

    def routes(self) -> list[web.AbstractRouteDef]:
        """Return the routes of the demo's shop."""
        return [
            web.get("/me", self.me),
            web.post("/sign-in", self.sign_in),
            web.post("/sign-out", self.sign_out),
            web.post("/sangdam-code", self.code),
            web.get("/{path:.*}", self.page),
        ]

    async def me(self, request: web.Request) -> web.Response:
        """Return the visitor's name, or "" when the visitor is not signed in at the shop."""
        visitor = self._visitor(request)
        return _json({"name": visitor.name if visitor else ""})

    async def sign_in(self, request: web.Request) -> web.Response:
        """Sign a visitor in at the demo's shop, by their name alone."""
        name = (await self._body(request, _read_sign_in)).name
        key = secrets.token_urlsafe(24)
        # The same name means the same customer, so that counselors see that customer's earlier sessions.
        customer = f"customer-{hashlib.sha256(name.encode()).hexdigest()[:12]}"
        self._visitors[key] = User(id=customer, name=name)
        if len(self._visitors) > _MOST_VISITORS:
            self._visitors.popitem(last=False)
        response = _json({"name": name})
        response.set_cookie(_COOKIE, key, httponly=True, samesite="Lax", path="/")
        return response

    async def sign_out(self, request: web.Request) -> web.Response:
        """Sign the visitor out of the demo's shop."""
        self._check_origin(request)
        self._visitors.pop(request.cookies.get(_COOKIE, ""), None)
        response = _json({})
        response.del_cookie(_COOKIE, path="/")
        return response

    async def code(self, request: web.Request) -> web.Response:
        """Return an identification code.

        The code vouches for the signed-in visitor, and for the product with the price and name in the shop's own list.
        """
        asked = await self._body(request, _read_code)
        visitor = self._visitor(request)
        if visitor is None:
            return _json({"reason": "signed_out", "message": "Sign in to the shop first."}, 401)
        now_s = int(time.time())
        claims = Claims(
            site=SITE,
            category=asked.category,
            language=asked.language,
            server=self._settings.server_name,
            jti=secrets.token_urlsafe(16),
            iat=now_s,
            nbf=now_s,
            exp=now_s + _CODE_LIFE_S,
            user=visitor,
            product=self._product(asked),
            claims={"customer": "gold"},
        )
        return _json({"code": sign(claims, KEY_ID, self._secret), "expires_at": (now_s + _CODE_LIFE_S) * 1000})

    def _product(self, asked: _CodeRequest) -> Product | None:
        product = asked.product.id if asked.product else ""
        if product not in _GOODS:
            return None
        won, names = _GOODS[product]
        language = lookup(asked.language, _LANGUAGES) or "en"
        price = f"{won:,}원" if language == "ko" else f"₩{won:,}"
        return Product(id=product, name=names[language], price=price, url=f"{self._settings.shop_url}/{product}.html")

    async def page(self, request: web.Request) -> web.StreamResponse:
        """Return a built page or file. In a page, the URL of the service replaces the placeholder."""
        path = file_inside(self._pages, request)
        if path is None:
            built = (self._pages / "index.html").is_file()
            return web.Response(status=404, text="Not found") if built else not_built("shop/index.html")
        if path.suffix != ".html":
            headers = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
            return file_response(self._pages.resolve().parent, path, request, headers)
        html = await asyncio.to_thread(path.read_bytes)
        return web.Response(
            body=html.replace(_PLACEHOLDER, self._settings.url.encode()),
            content_type="text/html",
            charset="utf-8",
            headers={"Cache-Control": "no-cache", "Content-Security-Policy": self._policy()},
        )

    def _policy(self) -> str:
        """Return the Content-Security-Policy of the shop's pages. This policy is as strict as the policy of a careful partner.

        So the demo shows that the widget works under such a policy.
        """
        service = self._settings.url
        return (
            f"default-src 'self'; script-src 'self' {service}; frame-src {service}; connect-src 'self' {service}; "
            "img-src 'self' data: blob:; style-src 'self'; object-src 'none'; base-uri 'none'"
        )

    def _visitor(self, request: web.Request) -> User | None:
        return self._visitors.get(request.cookies.get(_COOKIE, ""))

    async def _body(self, request: web.Request, reader: Reader[T]) -> T:
        """Return the request's JSON body as a value.

        Raises HTTPForbidden, HTTPBadRequest. aiohttp refuses a body of more than 4 KiB.
        """
        self._check_origin(request)
        try:
            return reader(await request.read())
        except Unreadable as error:
            raise web.HTTPBadRequest(text="The request is not valid.") from error

    def _check_origin(self, request: web.Request) -> None:
        """Refuse requests from pages of other origins.

        The cookie's `SameSite` does not stop every such request: browsers count a page at another port as the same site.
        """
        if request.headers.get("Origin", "") != self._settings.shop_url:
            raise web.HTTPForbidden(text="Only the shop's own pages may ask this.")


def shop_app(settings: Settings) -> web.Application:
    """Return the shop's application, to be served on 127.0.0.1 at `settings.shop_port`."""
    app = web.Application(client_max_size=4096, middlewares=[marks_served])
    app.add_routes(Shop(settings).routes())
    return app


def _json(value: object, status: int = 200) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), content_type="application/json", status=status)
