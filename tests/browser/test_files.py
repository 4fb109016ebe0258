"""Files in browsers: users choose or drop them in the panel, staff save them in the console, and nobody else gets them."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Frame, expect

from tests.browser.people import Cast, Staff, eventually
from tests.unit.signaling.files.samples import korean_pdf, pdf

DROP = """([name, text]) => {
    const dropped = new DataTransfer();
    dropped.items.add(new File([text], name, { type: "text/plain" }));
    for (const type of ["dragover", "drop"]) {
        document.body.dispatchEvent(new DragEvent(type, { dataTransfer: dropped, bubbles: true, cancelable: true }));
    }
}"""
PASTE = """([name, text]) => {
    const pasted = new DataTransfer();
    pasted.items.add(new File([text], name, { type: "text/plain" }));
    const event = new ClipboardEvent("paste", { clipboardData: pasted, bubbles: true, cancelable: true });
    document.querySelector("[data-testid=chat-input]").dispatchEvent(event);
}"""
# Returns whether more than 2 % of a picture is dark. False while the picture loads.
INKED = """
(img) => {
  if (!img.complete) return false;
  const canvas = new OffscreenCanvas(img.naturalWidth, img.naturalHeight);
  const context = canvas.getContext('2d');
  context.drawImage(img, 0, 0);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  let dark = 0;
  for (let i = 0; i < data.length; i += 4) dark += data[i] < 128;
  return (4 * dark) / data.length > 0.02;
}
"""
STATUS = "async (path) => (await fetch(path)).status"


async def saved(counselor: Staff, name: str) -> bytes:
    """Click the chat line of this file in the console. Return the bytes that the console saves."""
    async with counselor.page.expect_download() as download:
        await counselor.get("file-line").filter(has_text=name).click()
    file = await download.value
    assert file.suggested_filename == name
    return Path(await file.path()).read_bytes()


async def refusal_of(panel: Frame, name: str, data: bytes) -> str:
    """Choose a file that the panel refuses. Return what the panel says about the file, then remove the file from the panel."""
    file = {"name": name, "mimeType": "application/octet-stream", "buffer": data}
    await panel.get_by_test_id("chat-picture-file").set_input_files(files=[file])
    out = panel.get_by_test_id("file-out").and_(panel.locator("[data-state=refused]"))
    await expect(out).to_be_visible()
    words = await out.inner_text()
    await out.get_by_test_id("file-cancel").click()
    await expect(panel.get_by_test_id("file-out")).to_have_count(0)
    return words


async def colleague_reads_along(counselor: Staff, colleague: Staff, path: str) -> None:
    """Mention a colleague in a staff-only chat line. The colleague reads along until the dialog is closed."""
    box = counselor.get("chat-input")
    await box.press_sequentially("@Su")
    await counselor.get("mention-staff").click()
    await expect(counselor.get("mention-option")).to_contain_text("Suho")
    await box.press("Enter")
    await expect(box).to_have_value("@Suho ")
    await box.press_sequentially("MENTION 확인해 주세요")
    await box.press("Enter")
    await colleague.get("mention-read").click()
    read = colleague.get("read-along")
    await expect(read.get_by_test_id("transcript-line").filter(has_text="MENTION")).to_be_visible()
    await expect(read.get_by_test_id("file-line").first).to_be_visible()
    assert await colleague.page.evaluate(STATUS, path) == 200
    await expect(counselor.get("chat-line").filter(has_text="Suho 님이 함께 읽고 있어요")).to_be_visible()
    await colleague.page.keyboard.press("Escape")
    await expect(counselor.get("chat-line").filter(has_text="Suho 님이 함께 읽기를 마쳤어요")).to_be_visible()
    assert await colleague.page.evaluate(STATUS, path) == 404
    await counselor.get("chat-audience-all").click()


async def test_files_from_the_panel_are_saved_in_the_console(cast: Cast) -> None:
    counselor = await cast.counselor()
    stranger = await cast.colleague()
    await stranger.sign_in("suho", "counselor", available=False)
    user = await cast.user("firefox")
    await user.visit_shop()
    panel = await user.open_panel()
    await panel.get_by_test_id("panel-text").click()
    await counselor.accept()
    await expect(panel.get_by_test_id("chat-input")).to_be_visible()

    sent = {"진단서.pdf": pdf(), "영수증.pdf": korean_pdf("영수증 삼만원")}
    chosen = [{"name": name, "mimeType": "", "buffer": content} for name, content in sent.items()]
    await panel.get_by_test_id("chat-picture-file").set_input_files(files=chosen)
    await expect(counselor.get("file-line")).to_have_count(2)
    await expect(panel.get_by_test_id("file-line")).to_have_count(2)
    await expect(panel.get_by_test_id("file-out")).to_have_count(0)
    assert await saved(counselor, "진단서.pdf") == pdf()

    await panel.evaluate(DROP, ["주문 내역.csv", "번호,금액\n1,1000\n"])
    assert (await saved(counselor, "주문 내역.csv")).decode() == "번호,금액\n1,1000\n"

    await counselor.page.evaluate(PASTE, ["요금표.txt", "기본 1000원"])
    await expect(panel.get_by_test_id("file-line").filter(has_text="요금표.txt")).to_be_visible()

    async with counselor.page.expect_request("**/api/files/*") as request:
        await counselor.get("file-line").first.click()
    path = (await request.value).url
    await expect(panel.get_by_test_id("file-preview")).to_have_count(2)
    await expect(counselor.get("file-preview")).to_have_count(2)
    size = "img => [img.naturalWidth, img.naturalHeight]"
    await eventually(lambda: counselor.get("file-preview").first.evaluate(size), [640, 400], "the size of the sent picture")
    receipt = counselor.get("file-preview").and_(counselor.page.get_by_alt_text("영수증"))
    await eventually(lambda: receipt.evaluate(INKED), True, "Korean letters whose font is not in the PDF")
    assert await stranger.page.evaluate(STATUS, path) == 404
    assert (await user.context.request.get(path.replace("counselor.", ""))).status == 404, "without the token"
    await colleague_reads_along(counselor, stranger, path)

    broken = {"name": "깨진.pdf", "mimeType": "", "buffer": b"%PDF-1.7\n" + b"broken " * 300 + b"\n%%EOF"}
    await panel.get_by_test_id("chat-picture-file").set_input_files(files=[broken])
    await expect(counselor.get("file-line").filter(has_text="깨진.pdf")).to_be_visible()
    assert await saved(counselor, "깨진.pdf") == broken["buffer"]
    await expect(counselor.get("file-preview")).to_have_count(2)
    assert not user.traffic.contains("MENTION")
    assert not user.traffic.contains("suho")

    assert "이런 파일은 보낼 수 없어요." in await refusal_of(panel, "setup.exe", b"MZ\x90\0" + bytes(100))

    await user.context.set_offline(True)
    await panel.get_by_test_id("chat-picture-file").set_input_files(files=[chosen[0] | {"name": "나중에.pdf"}])
    await expect(panel.locator("[data-testid=file-out][data-state=paused]")).to_be_visible()
    await user.context.set_offline(False)
    await expect(counselor.get("file-line").filter(has_text="나중에.pdf")).to_be_visible()
    await expect(panel.get_by_test_id("file-out")).to_have_count(0)
