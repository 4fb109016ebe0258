from __future__ import annotations

import pytest

from signaling.config.seal import Seal, Unsealable

SEAL = Seal(b"an installation's key of 32 bytes")


def test_sealed_text_can_be_opened_for_its_purpose() -> None:
    sealed = SEAL.close("JBSWY3DPEHPK3PXP", "totp jimin")
    assert "JBSWY3DPEHPK3PXP" not in sealed
    assert SEAL.open(sealed, "totp jimin") == "JBSWY3DPEHPK3PXP"
    assert sealed != SEAL.close("JBSWY3DPEHPK3PXP", "totp jimin")


@pytest.mark.parametrize("about", ["totp suho", "", "totp"])
def test_sealed_text_of_another_owner_stays_closed(about: str) -> None:
    with pytest.raises(Unsealable):
        SEAL.open(SEAL.close("secret", "totp jimin"), about)


@pytest.mark.parametrize("sealed", ["", "x", "AAAA", "A" * 64, "not base64 at all!", "한국어"])
def test_anything_else_stays_closed(sealed: str) -> None:
    with pytest.raises(Unsealable):
        SEAL.open(sealed, "totp jimin")


def test_another_installations_key_opens_nothing() -> None:
    with pytest.raises(Unsealable):
        Seal(b"another installation's key, also long").open(SEAL.close("secret", "totp jimin"), "totp jimin")
