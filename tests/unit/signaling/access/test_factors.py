from __future__ import annotations

import re

import pyotp
import pytest

from signaling.access.factors import matching_step, qr_code, recovery_code, recovery_hash

SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
NOW = 1_790_000_010_000
STEP = NOW // 30_000


@pytest.mark.parametrize(("late_steps", "found"), [(-2, None), (-1, STEP - 1), (0, STEP), (1, STEP + 1), (2, None)])
def test_code_of_a_slightly_wrong_clock_is_accepted(late_steps: int, found: int | None) -> None:
    assert matching_step(SEED, pyotp.TOTP(SEED).generate_otp(STEP + late_steps), NOW) == found


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "비밀번호 하나"])
def test_anything_else_is_no_code(code: str) -> None:
    assert matching_step(SEED, code, NOW) is None


def test_recovery_code_can_be_read_out_and_typed() -> None:
    code = recovery_code()
    assert re.fullmatch(r"([a-z2-7]{5}-){3}[a-z2-7]{5}", code)
    assert recovery_hash(code) == recovery_hash(f" {code.upper().replace('-', ' ')} ")
    assert recovery_hash(code) != recovery_hash(recovery_code())


def test_qr_code_is_a_small_image_without_scripts() -> None:
    drawn = qr_code("otpauth://totp/Sangdam:jimin?secret=" + SEED)
    assert drawn.startswith("<svg")
    assert len(drawn) < 20_000
    assert "script" not in drawn
    assert SEED not in drawn
