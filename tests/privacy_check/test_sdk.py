"""Which recorder, and what it is set to."""

from __future__ import annotations

from playhead.privacy_check.intercept import Recorder
from playhead.privacy_check.sdk import mode_of, rules_of, sdk_of


def recorder(library: str = "", mask: str = "") -> Recorder:
    made = Recorder(forward=False)
    made.library, made.mask = library, mask
    return made


def found(name: str, **config: object) -> dict[str, object]:
    return {name: {"config": config, "optedOut": False, "recording": True}}


def test_the_mode_is_what_uploads_say_else_what_the_options_say() -> None:
    clear = found("playhead", record_mask_text_selector="")
    assert mode_of(recorder(mask="text"), clear) == "text"
    assert mode_of(recorder(), clear) == "input"
    assert mode_of(recorder(), found("mixpanel", record_mask_all_text=False)) == "input"
    assert mode_of(recorder(), found("mixpanel", record_mask_all_text=True, record_mask_text_selector=".x")) == "text"
    assert mode_of(recorder(), {}) == "text"


def test_the_library() -> None:
    assert sdk_of(recorder("playhead"), {}, injected=False).library == "playhead"
    assert sdk_of(recorder("web"), found("playhead"), injected=False).library == "mixpanel-browser"
    assert sdk_of(recorder("stub"), {}, injected=False).library == "unknown"
    assert sdk_of(recorder(), {}, injected=True).library == "playhead"


def test_selectors_and_classes() -> None:
    page = found(
        "playhead",
        record_mask_text_selector=[".a", "", "#b"],
        record_unmask_text_selector=".open",
        record_mask_text_class={"pattern": "^secret-"},
        record_block_class="hide",
        record_url_params=["id"],
    )
    sdk = sdk_of(recorder("playhead"), page, injected=False)
    assert (sdk.mask, sdk.unmask, sdk.url_params) == (".a,#b", ".open", ("id",))
    rules = rules_of(sdk, page)
    assert rules["mask"].startswith(".rr-mask, ")
    assert rules["mask"].endswith(",.a,#b")
    assert (rules["maskClass"], rules["blockClass"]) == ("^secret-", "^hide$")
