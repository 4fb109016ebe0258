"""The refusal of a sign-in, of a new password or of a second factor."""

from __future__ import annotations

from signaling.protocol.reasons import SignInReason

SENTENCES: dict[SignInReason, str] = {
    "wrong_credentials": "Login or password is wrong.",
    "too_many_sign_ins": "Too many attempts; try again in a minute.",
    "wrong_password": "That is not your present password.",
    "weak_password": "Choose another password.",
    "link_over": "This link was used or is too old. Ask for a new one.",
    "code_needed": "Give the code of your authenticator app, too.",
    "wrong_code": "This code is wrong, too old, or was used before.",
    "prove_first": "Give your password again first.",
    "app_exists": "An authenticator app is set up already. Remove it first.",
    "passkey_refused": "This passkey does not fit, or it took too long. Try again.",
    "passkey_needed": "Sign in with your passkey.",
    "too_many_passkeys": "You have as many passkeys as you may have. Remove one first.",
}


class SignInRefused(Exception):
    """The request is refused. `reason` is a key of `SENTENCES`; `sentence` may say more than the sentence there."""

    def __init__(self, reason: SignInReason, sentence: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.sentence = sentence or SENTENCES[reason]
