"""The sentences of findings, in Korean and English: what was found, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from .finding import Finding, State

Language = Literal["ko", "en"]
# verdict → (what was found in English, what to do in English, the same two in Korean); what to do is "" for an "ok" verdict
SENTENCES: Mapping[str, tuple[str, str, str, str]] = {
    "check.failed": (
        "The check “{check}” itself failed ({why}).",
        "Look at the log of the server, and run `sangdam doctor` again.",
        "‘{check}’ 점검을 마치지 못했어요({why}).",
        "서버 로그를 확인하고 `sangdam doctor`를 다시 실행해 주세요.",
    ),
    "dns.ok": ("Every host name has an address: {hosts}.", "", "모든 호스트 이름에 주소가 있어요: {hosts}", ""),
    "dns.local": ("The pages are for this machine only.", "", "이 컴퓨터에서만 열리는 주소예요.", ""),
    "dns.unresolved": (
        "{host} has no address in DNS.",
        "Add an A or AAAA record for {host}. Users and each role of staff have a name of their own.",
        "{host}의 DNS 주소가 없어요.",
        "{host}에 A 또는 AAAA 레코드를 추가해 주세요. 방문자와 직원 역할마다 호스트 이름이 따로 있어요.",
    ),
    "tls.ok": ("The certificate of {host} is valid for {days} more days.", "", "{host} 인증서가 {days}일 더 유효해요.", ""),
    "tls.local": ("Pages of this machine need no TLS.", "", "이 컴퓨터의 페이지에는 TLS가 필요 없어요.", ""),
    "tls.none": (
        "{url} has no TLS, so browsers give no microphone and no camera.",
        "Put Caddy or nginx in front of the server, and start it with --public-url https://…",
        "{url}에 TLS가 없어서 브라우저가 마이크와 카메라를 허용하지 않아요.",
        "서버 앞에 Caddy나 nginx를 두고 --public-url https://…로 시작해 주세요.",
    ),
    "tls.soon": (
        "The certificate of {host} ends in {days} days.",
        "Renew it, and find out why it was not renewed by itself.",
        "{host} 인증서가 {days}일 뒤에 끝나요.",
        "인증서를 갱신하고, 자동으로 갱신되지 않은 까닭을 확인해 주세요.",
    ),
    "tls.refused": (
        "Browsers refuse the certificate of {host}: {why}.",
        "Get a certificate for {host} from an authority that browsers trust; Caddy does it by itself.",
        "브라우저가 {host} 인증서를 거부해요: {why}",
        "브라우저가 믿는 기관에서 {host} 인증서를 받아 주세요. Caddy는 자동으로 받아요.",
    ),
    "tls.unreachable": (
        "Nothing answers at {host} ({why}).",
        "Start the TLS proxy, and open TCP port 443 in the firewall.",
        "{host}에서 응답이 없어요({why}).",
        "TLS 프록시를 시작하고 방화벽에서 TCP 443 포트를 열어 주세요.",
    ),
    "proxy.ok": ("Clients are told apart by their addresses.", "", "방문자를 주소로 구별하고 있어요.", ""),
    "proxy.untrusted": (
        "The server trusts no proxy, so all users share one rate limit.",
        "Start it with --trust-proxy, if a proxy does TLS.",
        "믿는 프록시가 없어서 모든 방문자가 요청 한도 하나를 함께 써요.",
        "프록시가 TLS를 맡는다면 --trust-proxy로 시작해 주세요.",
    ),
    "udp.ok": ("The media workers answer at {where}.", "", "미디어 워커가 {where}에서 응답해요.", ""),
    "udp.silent": (
        "No media worker answers at {where}.",
        "Open the UDP port in the firewall and the router, and compare the address with --announce. "
        "Some routers do not lead a machine back to itself: then try from outside.",
        "{where}에서 미디어 워커의 응답이 없어요.",
        "방화벽과 공유기에서 UDP 포트를 열고 주소를 --announce와 비교해 주세요. "
        "자기 자신에게 되돌려 보내지 않는 공유기라면 밖에서 시험해 주세요.",
    ),
    "udp.idle": (
        "No media worker runs on this machine (UDP port {port} is free).",
        "Start the server, and run `sangdam doctor` again.",
        "이 컴퓨터에 미디어 워커가 없어요(UDP {port} 포트가 비어 있어요).",
        "서버를 시작하고 `sangdam doctor`를 다시 실행해 주세요.",
    ),
    "buffer.ok": ("Socket buffers are large enough.", "", "소켓 버퍼가 충분해요.", ""),
    "buffer.small": (
        "The kernel grants socket buffers of {bytes} bytes only. Under load, packets are lost.",
        "sysctl -w net.core.rmem_max={wanted}",
        "커널이 소켓 버퍼를 {bytes}바이트까지만 줘서 부하가 크면 패킷이 사라져요.",
        "sysctl -w net.core.rmem_max={wanted}",
    ),
    "ports.ok": ("No other program gets the workers' UDP ports.", "", "다른 프로그램이 워커의 UDP 포트를 쓰지 않아요.", ""),
    "ports.unreserved": (
        "The kernel may give the workers' UDP ports to other programs.",
        "sysctl -w net.ipv4.ip_local_reserved_ports={first}-{last}",
        "커널이 워커의 UDP 포트를 다른 프로그램에 줄 수 있어요.",
        "sysctl -w net.ipv4.ip_local_reserved_ports={first}-{last}",
    ),
    "turn.ok": ("The TURN server {url} relays.", "", "TURN 서버 {url}이(가) 중계해요.", ""),
    "turn.none": (
        "There is no TURN server: users whose network blocks UDP can only write.",
        "Set one up: docs/turn.md",
        "TURN 서버가 없어서 UDP가 막힌 네트워크의 방문자는 글로만 상담할 수 있어요.",
        "TURN 서버를 두어 주세요: docs/turn.md",
    ),
    "turn.settings": ("{why}", "Correct --turn and --turn-secret-file.", "{why}", "--turn과 --turn-secret-file을 고쳐 주세요."),
    "turn.refused": (
        "The TURN server {url} refuses our credentials.",
        "Give both the same secret: --turn-secret-file here, static-auth-secret there. Compare the clocks, too.",
        "TURN 서버 {url}이(가) 자격 증명을 거부해요.",
        "여기의 --turn-secret-file과 저쪽의 static-auth-secret을 같게 해 주세요. 두 시계도 비교해 주세요.",
    ),
    "turn.silent": (
        "The TURN server {url} does not answer ({why}).",
        "Start it, and open its port in the firewall.",
        "TURN 서버 {url}의 응답이 없어요({why}).",
        "TURN 서버를 시작하고 방화벽에서 포트를 열어 주세요.",
    ),
    "clock.ok": ("The clock is synchronised.", "", "시계가 맞춰져 있어요.", ""),
    "clock.unsynchronised": (
        "Nothing keeps this machine's clock right.",
        "Install chrony or systemd-timesyncd: codes and TURN credentials carry times.",
        "이 컴퓨터의 시계를 맞춰 주는 프로그램이 없어요.",
        "chrony나 systemd-timesyncd를 설치해 주세요. 확인 코드와 TURN 자격 증명에는 시각이 들어 있어요.",
    ),
    "clock.off": (
        "This machine's clock and that of {other} differ by {seconds} seconds.",
        "Synchronise the clocks of both machines.",
        "이 컴퓨터와 {other}의 시계가 {seconds}초 달라요.",
        "두 컴퓨터의 시계를 맞춰 주세요.",
    ),
    "disk.ok": ("{folder} has {free} GiB free.", "", "{folder}에 {free}GiB가 남아 있어요.", ""),
    "disk.low": (
        "{folder} has only {free} GiB free.",
        "Make room, or shorten --retention-days of the sites.",
        "{folder}에 {free}GiB만 남아 있어요.",
        "공간을 늘리거나 사이트의 --retention-days를 줄여 주세요.",
    ),
    "disk.full": (
        "{folder} is nearly full: {free} GiB free.",
        "Make room now. On a full disk nothing is stored: no message, no recording.",
        "{folder}이(가) 거의 찼어요: {free}GiB 남음",
        "지금 공간을 늘려 주세요. 디스크가 차면 메시지도 녹화도 저장되지 않아요.",
    ),
    "disk.unwritable": (
        "{folder} cannot be written: {why}.",
        "Give the folder to the user that runs Sangdam.",
        "{folder}에 쓸 수 없어요: {why}",
        "Sangdam을 실행하는 사용자가 이 폴더를 쓸 수 있게 해 주세요.",
    ),
    "descriptors.ok": ("Enough files and sockets may be open.", "", "열 수 있는 파일과 소켓 수가 충분해요.", ""),
    "descriptors.few": (
        "One process may open only {count} files and sockets. Each browser takes one.",
        "Raise the limit: LimitNOFILE=65536 in the systemd unit, or `ulimit -n 65536`.",
        "프로세스 하나가 파일과 소켓을 {count}개만 열 수 있어요. 브라우저마다 하나씩 써요.",
        "한도를 올려 주세요: systemd 유닛의 LimitNOFILE=65536 또는 `ulimit -n 65536`",
    ),
    "keys.ok": ("Only this user can read the keys.", "", "이 사용자만 키를 읽을 수 있어요.", ""),
    "keys.readable": (
        "Other users of this machine can read {file}.",
        "chmod 600 {file}",
        "이 컴퓨터의 다른 사용자가 {file}을(를) 읽을 수 있어요.",
        "chmod 600 {file}",
    ),
    "database.ok": (
        "The database answers and takes writes (tables {revision}).",
        "",
        "데이터베이스가 응답하고 쓸 수 있어요(테이블 {revision}).",
        "",
    ),
    "database.new": ("There is no database yet: {where}.", "", "아직 데이터베이스가 없어요: {where}", ""),
    "database.unavailable": (
        "The database does not answer ({why}).",
        "Start it, and compare --database and its password file.",
        "데이터베이스의 응답이 없어요({why}).",
        "데이터베이스를 시작하고 --database와 암호 파일을 확인해 주세요.",
    ),
    "database.readonly": (
        "The database takes no writes ({why}).",
        "Look for a full disk, a standby in place of the primary, or missing rights.",
        "데이터베이스에 쓸 수 없어요({why}).",
        "디스크가 찼는지, 대기 서버에 연결됐는지, 권한이 빠졌는지 확인해 주세요.",
    ),
    "database.older": (
        "The tables are of an older version ({revision}; this version has {own}).",
        "Start the server: it upgrades them. Make a backup before.",
        "테이블이 이전 버전이에요({revision}, 이 버전은 {own}).",
        "백업한 뒤 서버를 시작하면 업그레이드돼요.",
    ),
    "database.newer": (
        "The tables are of a newer version ({revision}; this version has {own}).",
        "Install the newer version of Sangdam.",
        "테이블이 더 새로운 버전이에요({revision}, 이 버전은 {own}).",
        "더 새로운 Sangdam을 설치해 주세요.",
    ),
    "provider.failing": (
        "The sign-in provider does not confirm {count} present sign-ins.",
        "Compare its address, client and secret in the settings for signing in; the log says what it answers.",
        "로그인 제공자가 현재 로그인 {count}건을 확인해 주지 않아요.",
        "로그인 설정의 주소, 클라이언트, 비밀 값을 확인해 주세요. 제공자의 응답은 로그에 있어요.",
    ),
    "redis.ok": ("Redis {version} answers.", "", "Redis {version}이(가) 응답해요.", ""),
    "redis.unavailable": (
        "Redis does not answer ({why}).",
        "Start it, and compare --redis and its password file. Until then nobody new is matched.",
        "Redis의 응답이 없어요({why}).",
        "Redis를 시작하고 --redis와 암호 파일을 확인해 주세요. 그동안 새 상담이 연결되지 않아요.",
    ),
    "redis.old": (
        "Redis {version} has no functions.",
        "Install Redis 7 or Valkey 8.",
        "Redis {version}에는 필요한 함수 기능이 없어요.",
        "Redis 7이나 Valkey 8을 설치해 주세요.",
    ),
    "redis.evicts": (
        "Redis throws data away when its memory is full ({policy}).",
        "Set maxmemory-policy noeviction.",
        "Redis 메모리가 차면 데이터를 버려요({policy}).",
        "maxmemory-policy를 noeviction으로 바꿔 주세요.",
    ),
    "workers.ok": ("{count} media workers answer.", "", "미디어 워커 {count}개가 응답해요.", ""),
    "workers.none": (
        "No media worker answers.",
        "Look at the log of the workers. In a cluster, start `sangdam media`.",
        "응답하는 미디어 워커가 없어요.",
        "워커 로그를 확인해 주세요. 클러스터에서는 `sangdam media`를 시작해 주세요.",
    ),
    "workers.version": (
        "The media worker {name} has version {version}, this server {own}.",
        "Install the same version everywhere, and start the workers again.",
        "미디어 워커 {name}의 버전은 {version}, 이 서버는 {own}이에요.",
        "모든 곳에 같은 버전을 설치하고 워커를 다시 시작해 주세요.",
    ),
    "workers.slow": (
        "These media workers forward voices in Python: {names}.",
        "Install gcc and libc6-dev there, and start the workers again: calls then cost less.",
        "다음 미디어 워커는 음성을 Python으로 전달해요: {names}",
        "gcc와 libc6-dev를 설치하고 워커를 다시 시작하면 통화 부하가 줄어요.",
    ),
}


class Told(Struct, kw_only=True, frozen=True):
    """A finding in sentences. `do`: what to do, or ""."""

    about: str
    state: State
    says: str
    do: str


def told(found: Finding, language: Language = "en") -> Told:
    """Return a finding in sentences."""
    english, english_do, korean, korean_do = SENTENCES[found.about]
    says, do = (korean, korean_do) if language == "ko" else (english, english_do)
    return Told(about=found.about, state=found.state, says=says.format(**found.args), do=do.format(**found.args))
