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
    "provider_off": "No sign-in provider is set up.",
    "provider_unavailable": "The sign-in provider does not answer. Try again in a minute.",
    "provider_refused": "The sign-in provider did not let you in.",
    "no_role": "Your account at the sign-in provider has no role here.",
    "no_role_claim": "The sign-in provider does not say which role your account has.",
    "state_over": "That took too long, or was tried twice. Sign in again.",
    "by_provider": "This account signs in at the sign-in provider alone.",
    "provider_only": "Your organisation signs in at its sign-in provider only.",
}


class SignInRefused(Exception):
    """A sign-in, a new password or a second factor is refused. `reason`: a key of `SENTENCES`.

    `sentence`: a sentence for the person. The sentence can be more exact than the sentence in `SENTENCES`.
    """

    def __init__(self, reason: SignInReason, sentence: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.sentence = sentence or SENTENCES[reason]
