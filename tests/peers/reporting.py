"""Receiver reports, as a browser sends them."""

from __future__ import annotations

import asyncio

from media.packets import rtcp
from tests.peers.client import Peer


async def reports_back(peer: Peer, lost_percent: int) -> None:
    """Four times a second, send a receiver report that `lost_percent` of the voice packets were lost. Never return."""
    while True:
        await asyncio.sleep(0.25)
        told = [report for report in peer.reports if isinstance(report, rtcp.SenderReport)]
        if told and peer.heard_headers:
            ssrc = peer.heard_headers[-1].ssrc
            last = next((report for report in reversed(told) if report.ssrc == ssrc), None)
            if last is not None:
                block = rtcp.Block(ssrc, lost_percent * 256 // 100, 0, 0, 960, last.ntp >> 16 & 0xFFFFFFFF, 0)
                peer.send_rtcp(rtcp.receiver_report(1, [block]))
