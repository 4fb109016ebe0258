from __future__ import annotations

from media.bandwidth import Choice, Chooser, Layer

CAMERA = [Layer("l", 100_000), Layer("m", 400_000), Layer("h", 1_200_000)]
SCREEN = [Layer("", 600_000)]


class Viewer:
    def __init__(self, **pictures: list[Layer]) -> None:
        self.chooser = Chooser()
        self.now = 50.0
        self.told: list[tuple[float, dict[int, str]]] = []

    def watch(self, seconds: float, bps: float | None, pictures: dict[int, list[Layer]]) -> Choice:
        for _ in range(round(seconds / 0.2)):
            self.now += 0.2
            choice = self.chooser.choose(pictures, bps, self.now)
            if choice.limits is not None:
                self.told.append((self.now, dict(choice.limits)))
        return choice


def test_top_layer_is_sent_without_an_estimate() -> None:
    assert Viewer().watch(0.2, None, {0: CAMERA, 1: SCREEN}).layers == {0: "h", 1: ""}


def test_good_connection_gets_the_top_layer_without_a_notice() -> None:
    viewer = Viewer()
    assert viewer.watch(0.2, 5e6, {0: CAMERA}).layers == {0: "m"}
    assert viewer.watch(3, 5e6, {0: CAMERA}).layers == {0: "h"}
    assert viewer.told == []


def test_layer_drops_at_once_and_notice_follows() -> None:
    viewer = Viewer()
    viewer.watch(5, 5e6, {0: CAMERA})
    assert viewer.watch(0.2, 450_000, {0: CAMERA}).layers == {0: "m"}
    assert viewer.told == []
    viewer.watch(3, 450_000, {0: CAMERA})
    assert [limits for _, limits in viewer.told] == [{0: "low"}]


def test_pause_comes_last_and_its_end_is_announced() -> None:
    viewer = Viewer()
    viewer.watch(5, 5e6, {0: CAMERA})
    assert viewer.watch(1, 60_000, {0: CAMERA}).layers == {0: None}
    assert viewer.told[-1][1] == {0: "paused"}
    assert viewer.watch(30, 5e6, {0: CAMERA}).layers == {0: "h"}
    assert viewer.told[-1][1] == {}


def test_less_important_picture_drops_first() -> None:
    viewer = Viewer()
    viewer.watch(10, 5e6, {0: CAMERA, 1: CAMERA})
    assert viewer.watch(0.2, 1_350_000, {0: CAMERA, 1: CAMERA}).layers == {0: "h", 1: "l"}
    assert viewer.watch(0.2, 250_000, {0: CAMERA, 1: CAMERA}).layers == {0: "l", 1: "l"}
    assert viewer.watch(0.2, 150_000, {0: CAMERA, 1: CAMERA}).layers == {0: "l", 1: None}


def test_failed_attempts_become_rarer() -> None:
    """The path can carry only the lowest video layer, but the bandwidth estimate rises whenever only this layer is sent.

    The video must not keep switching between its layers.
    """
    viewer = Viewer()
    viewer.watch(5, 5e6, {0: CAMERA})
    viewer.watch(0.2, 120_000, {0: CAMERA})
    changes, former = 0, "l"
    for _ in range(600):
        now = viewer.watch(0.2, 5e6 if former == "l" else 120_000, {0: CAMERA}).layers[0]
        changes += now != former
        former = str(now)
    assert changes <= 12, "in two minutes"


def test_layer_stopped_by_its_sender_does_not_limit_the_viewer() -> None:
    viewer = Viewer()
    viewer.watch(5, 5e6, {0: CAMERA})
    assert viewer.watch(5, 5e6, {0: CAMERA[:2]}).layers == {0: "m"}
    assert viewer.watch(5, 5e6, {0: CAMERA}).layers == {0: "h"}
    assert viewer.told == []


def test_ended_picture_removes_its_limit() -> None:
    viewer = Viewer()
    viewer.watch(5, 5e6, {0: CAMERA})
    viewer.watch(3, 60_000, {0: CAMERA})
    viewer.watch(3, 60_000, {})
    assert viewer.told[-1][1] == {}


def test_connection_that_never_carries_the_top_is_announced() -> None:
    viewer = Viewer()
    viewer.watch(5, 200_000, {0: CAMERA})
    assert viewer.told == []
    viewer.watch(5, 200_000, {0: CAMERA})
    assert viewer.told[-1][1] == {0: "low"}


def test_uncongested_path_keeps_its_layers() -> None:
    """Without congestion, an estimate below the video's bit rate is no reason to pause the video.

    Such an estimate can be a first guess, or it can be from a time when the video had a lower bit rate.
    """
    viewer = Viewer()
    choice = viewer.chooser.choose({0: SCREEN}, 300_000, viewer.now, congested=False)
    assert choice.layers == {0: ""}


def test_brief_congestion_removes_no_picture() -> None:
    viewer = Viewer()
    assert viewer.watch(3, 24_000, {0: CAMERA, 1: CAMERA}).layers == {0: "l", 1: "l"}
    assert viewer.watch(3, 24_000, {0: CAMERA, 1: CAMERA}).layers == {0: None, 1: None}
