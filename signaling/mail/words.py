"""The standard texts of mails. A site may replace subject and text of each kind (`records/mail_plan.py`).

The names in braces are filled in: {site}, {name}, {when}, {zone}, {category}, {waiting}, {minutes}, {organisation}.
"""

from __future__ import annotations

from typing import TypedDict

from signaling.protocol.language_tags import lookup

from .kinds import Kind


class Words(TypedDict):
    """The texts of one kind. `button`: the label of the link."""

    subject: str
    text: str
    button: str


class Frame(TypedDict):
    """The texts around every mail."""

    until: str
    once: str
    why: str
    leave: str
    said: str
    automatic: str
    moment: str


TEXTS: dict[str, dict[Kind, Words]] = {
    "ko": {
        "reply": {
            "subject": "{site} 상담사가 답했어요",
            "text": "{name} 상담사가 답을 남겼어요. 아래 버튼을 누르면 나누던 상담을 이어서 볼 수 있어요.",
            "button": "상담 이어서 보기",
        },
        "thread": {
            "subject": "{site} 상담을 이어가는 링크",
            "text": "아래 버튼을 누르면 다른 기기에서도 나누던 상담을 이어갈 수 있어요.",
            "button": "상담 이어가기",
        },
        "message_answered": {
            "subject": "{site}에 남긴 문의에 답이 왔어요",
            "text": "{name} 상담사가 남겨 주신 문의에 답했어요. 아래 버튼을 누르면 답을 보고 이어서 이야기할 수 있어요.",
            "button": "답 보기",
        },
        "copy": {
            "subject": "{site} 상담 내용",
            "text": "요청하신 상담 내용이에요.",
            "button": "상담 내용 보기",
        },
        "callback": {
            "subject": "{site} 연락 예약: {when}",
            "text": "{when}({zone})에 연락드릴게요. "
            "시간을 바꾸거나 취소하려면 아래 버튼을 눌러 주세요. 첨부한 일정을 달력에 넣을 수 있어요.",
            "button": "예약 보기",
        },
        "callback_soon": {
            "subject": "곧 {site} 상담사가 연락드려요: {when}",
            "text": "{when}({zone})에 연락드릴게요. 그때 연락받기 어려우면 아래 버튼을 눌러 시간을 바꿔 주세요.",
            "button": "예약 보기",
        },
        "callback_cancelled": {
            "subject": "{site} 연락 예약을 취소했어요",
            "text": "{when}({zone}) 연락 예약을 취소했어요. 다시 예약하려면 {site} 페이지에서 상담을 열어 주세요.",
            "button": "",
        },
        "alert_nobody": {
            "subject": "{site}: 기다리는 방문자가 있지만 상담사가 없어요",
            "text": "‘{category}’에 방문자 {waiting}명이 기다려요. "
            "지금 상담할 수 있는 사람이 없어요. 가장 오래 기다린 시간은 {minutes}분이에요.",
            "button": "현황판 열기",
        },
        "alert_wait": {
            "subject": "{site}: 대기가 길어지고 있어요",
            "text": "‘{category}’에 방문자 {waiting}명이 기다려요. 가장 오래 기다린 시간은 {minutes}분이에요.",
            "button": "현황판 열기",
        },
        "invitation": {
            "subject": "{organisation} 상담 팀에 초대받았어요",
            "text": "{name} 님, {organisation} 상담 팀에 초대받았어요. 아래 버튼을 눌러 비밀번호를 정하면 시작할 수 있어요.",
            "button": "시작하기",
        },
        "password_reset": {
            "subject": "비밀번호 다시 정하기",
            "text": "{name} 님, 비밀번호를 다시 정해 달라는 요청을 받았어요. "
            "요청한 적이 없다면 이 메일을 무시해 주세요. 비밀번호는 그대로예요.",
            "button": "비밀번호 다시 정하기",
        },
    },
    "en": {
        "reply": {
            "subject": "Your counselor at {site} has answered",
            "text": "{name} has answered you. Press the button to read the answer and to continue the conversation.",
            "button": "Continue the conversation",
        },
        "thread": {
            "subject": "Your conversation with {site}",
            "text": "Press the button to continue the conversation, on this or another device.",
            "button": "Continue the conversation",
        },
        "message_answered": {
            "subject": "{site} has answered your message",
            "text": "{name} has answered the message that you left. Press the button to read the answer and to write back.",
            "button": "Read the answer",
        },
        "copy": {
            "subject": "Your conversation with {site}",
            "text": "Here is the copy of your conversation that you asked for.",
            "button": "See the conversation",
        },
        "callback": {
            "subject": "{site} will call you on {when}",
            "text": "We will contact you on {when} ({zone}). Press the button to choose another time or to cancel. "
            "The attached event can be added to your calendar.",
            "button": "See the appointment",
        },
        "callback_soon": {
            "subject": "{site} will call you soon: {when}",
            "text": "We will contact you on {when} ({zone}). "
            "If that does not suit you any more, press the button and choose another time.",
            "button": "See the appointment",
        },
        "callback_cancelled": {
            "subject": "Your callback from {site} is cancelled",
            "text": "The callback on {when} ({zone}) is cancelled. "
            "To book another one, open the counselling on a page of {site}.",
            "button": "",
        },
        "alert_nobody": {
            "subject": "{site}: visitors are waiting and nobody is there",
            "text": "Waiting for “{category}”: {waiting}. "
            "Nobody who could answer is at work now. The longest wait is {minutes} min.",
            "button": "Open the wallboard",
        },
        "alert_wait": {
            "subject": "{site}: visitors are waiting too long",
            "text": "Waiting for “{category}”: {waiting}. The longest wait is {minutes} min.",
            "button": "Open the wallboard",
        },
        "invitation": {
            "subject": "You are invited to the counselling team of {organisation}",
            "text": "{name}, you are invited to the counselling team of {organisation}. "
            "Press the button and choose a password to begin.",
            "button": "Begin",
        },
        "password_reset": {
            "subject": "Choose a new password",
            "text": "{name}, somebody asked for a new password for your account. If that was not you, ignore this mail: "
            "your password stays as it is.",
            "button": "Choose a new password",
        },
    },
}

FRAMES: dict[str, Frame] = {
    "ko": {
        "until": "이 링크는 {when}({zone})까지 한 번만 쓸 수 있어요.",
        "once": "다른 사람에게 보내지 마세요. 이 링크를 누르는 사람이 상담을 볼 수 있어요.",
        "why": "{site} 상담에서 이 주소를 알려 주셔서 보내는 메일이에요.",
        "leave": "메일 그만 받기",
        "said": "남긴 답",
        "automatic": "자동으로 보내는 메일이에요.",
        "moment": "{0.year}년 {0.month}월 {0.day}일 {0:%H:%M}",
    },
    "en": {
        "until": "The link works once, until {when} ({zone}).",
        "once": "Do not forward this mail: whoever presses the link sees the conversation.",
        "why": "You get this mail because this address was given in a conversation with {site}.",
        "leave": "No more mails",
        "said": "The answer",
        "automatic": "This mail was sent automatically.",
        "moment": "{0.day} {0:%B %Y, %H:%M}",
    },
}


def language_of(wanted: str) -> str:
    """Return the language in which a mail is written: the wanted one or, if there are no texts in it, English."""
    return lookup(wanted, TEXTS) or "en"
