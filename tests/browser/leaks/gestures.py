"""What a person does. `at` is the place's own element, `canary` what they type, paste, drop, choose."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Locator, Page

Act = Callable[[Page, Locator, str], None]
# Markup, what is done with it, and the shape of the canary where it isn't letters.
Gesture = tuple[str, Act] | tuple[str, Act, str]

# ---- acts -------------------------------------------------------------------------------------------------------------


def types(page: Page, at: Locator, canary: str) -> None:
    at.locator("input, textarea, [contenteditable]").first.press_sequentially(canary)


def types_in_frame(page: Page, at: Locator, canary: str) -> None:
    at.locator("iframe").content_frame.locator("input, [contenteditable]").first.press_sequentially(canary)


def types_and_clears(page: Page, at: Locator, canary: str) -> None:
    types(page, at, canary)
    at.locator("input").fill("")


def types_and_undoes(page: Page, at: Locator, canary: str) -> None:
    types(page, at, canary)
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+Shift+z")


def types_shown(page: Page, at: Locator, canary: str) -> None:
    """By the eye button of a password field, in the middle of typing."""
    field = at.locator("input")
    field.press_sequentially(canary[:4])
    at.locator("button").click()
    field.press_sequentially(canary[4:])
    at.locator("button").click()


def composes(page: Page, at: Locator, canary: str) -> None:
    """With an input method."""
    at.locator("input, [contenteditable]").first.focus()
    session = page.context.new_cdp_session(page)
    session.send("Input.imeSetComposition", {"text": canary, "selectionStart": 0, "selectionEnd": len(canary)})
    session.send("Input.insertText", {"text": canary})
    session.detach()


def pastes(page: Page, at: Locator, canary: str) -> None:
    page.evaluate("(text) => navigator.clipboard.writeText(text)", canary)
    at.locator("input, textarea, [contenteditable]").first.focus()
    page.keyboard.press("Control+v")


def pastes_rich(page: Page, at: Locator, canary: str) -> None:
    page.evaluate(
        """(text) => navigator.clipboard.write([new ClipboardItem({
            'text/html': new Blob([`<p title="${text}"><b>${text}</b></p>`], { type: 'text/html' }) })])""",
        canary,
    )
    at.locator("[contenteditable]").focus()
    page.keyboard.press("Control+v")


def copies(page: Page, at: Locator, canary: str) -> None:
    at.locator("p").click(click_count=3)
    page.keyboard.press("Control+c")


def selects_text(page: Page, at: Locator, canary: str) -> None:
    at.locator("p").select_text()


def drags(page: Page, at: Locator, canary: str) -> None:
    """The selected text, into the field beside it."""
    at.locator("p").click(click_count=3)
    at.locator("p").drag_to(at.locator("textarea, [contenteditable]"))


def drags_element(page: Page, at: Locator, canary: str) -> None:
    at.locator("[draggable]").drag_to(at.locator("div"))


def drops_file(page: Page, at: Locator, canary: str) -> None:
    at.locator("div").evaluate(
        """(el, name) => { const t = new DataTransfer(); t.items.add(new File(['x'], name));
        el.dispatchEvent(new DragEvent('drop', { bubbles: true, dataTransfer: t })) }""",
        f"{canary}.pdf",
    )


def chooses_file(page: Page, at: Locator, canary: str) -> None:
    at.locator("input").set_input_files({"name": f"{canary}.pdf", "mimeType": "application/pdf", "buffer": b"x"})


def chooses(page: Page, at: Locator, canary: str) -> None:
    at.locator("select").select_option(index=1)


def ticks(page: Page, at: Locator, canary: str) -> None:
    at.locator("input").last.check()


def completes(page: Page, at: Locator, canary: str) -> None:
    """From the field's list, as a browser does it: the value changes and one event says so."""
    at.locator("input").evaluate(
        """(el, value) => { el.value = value;
        el.dispatchEvent(new InputEvent('input', { bubbles: true, inputType: 'insertReplacementText', data: value })) }""",
        canary,
    )


def autofills(page: Page, at: Locator, canary: str) -> None:
    """The browser's own autofill of a card form."""
    session = page.context.new_cdp_session(page)
    session.send("DOM.enable")
    session.send("DOM.getDocument")
    number = at.locator("input").first
    found = session.send(
        "Runtime.evaluate", {"expression": f"document.querySelector('#{at.get_attribute('id')} input')"}
    )
    node = session.send("DOM.describeNode", {"objectId": found["result"]["objectId"]})["node"]
    session.send(
        "Autofill.trigger",
        {
            "fieldId": node["backendNodeId"],
            "card": {"number": canary, "name": "A Person", "expiryMonth": "12", "expiryYear": "2031", "cvc": "123"},
        },
    )
    session.detach()
    page.wait_for_function("(el) => el.value.length > 10", arg=number.element_handle())


def sends(page: Page, at: Locator, canary: str) -> None:
    at.locator("input").first.fill(canary)
    at.locator("input").first.press("Enter")


def clicks(page: Page, at: Locator, canary: str) -> None:
    at.locator("a, button").first.click()


def opens(page: Page, at: Locator, canary: str) -> None:
    with page.expect_popup() as popup:
        at.locator("a").click()
    popup.value.close()


def answers(page: Page, at: Locator, canary: str) -> None:
    """A question of the browser's own."""
    page.once("dialog", lambda dialog: dialog.accept(canary))
    page.evaluate("(text) => { prompt(`Not you, ${text}?`, text) }", canary)


def hovers(page: Page, at: Locator, canary: str) -> None:
    at.locator("p").hover()


# ---- places -----------------------------------------------------------------------------------------------------------

NEVER: dict[str, Gesture] = {
    "typed into a field": ("<input>", types),
    "typed into a search field": ("<input type=search>", types),
    "typed into an e-mail field": ("<input type=email>", types),
    "typed into a telephone field": ("<input type=tel>", types, "NUMBER"),
    "typed into a number field": ("<input type=number>", types, "NUMBER"),
    "typed into a password field": ("<input type=password>", types),
    "typed into a textarea": ("<textarea></textarea>", types),
    "typed into editable text": ("<div contenteditable>e</div>", types),
    "typed into plain editable text": ("<div contenteditable=plaintext-only>e</div>", types),
    "typed into a one-time code field": ("<input autocomplete=one-time-code>", types),
    "typed into a field with rr-ignore": ("<input class=rr-ignore>", types),
    "typed into a masked field": ("<input class=rr-mask>", types),
    "typed into a blocked field": ("<input class=rr-block>", types),
    "typed into a field whose events are stopped": ("<input oninput='event.stopImmediatePropagation()'>", types),
    "typed into a form that keeps its state": (
        '<input oninput=\'this.setAttribute("value", this.value); this.parentNode.dataset.typed = "x"\'>',
        types,
    ),
    "typed into a shadow root": ("<div><template shadowrootmode=open><input></template></div>", types),
    "typed into an editor in a shadow root": (
        "<div><template shadowrootmode=open><div contenteditable>e</div></template></div>",
        types,
    ),
    "typed into a frame": ("<iframe src=/field></iframe>", types_in_frame),
    "typed into a srcdoc frame": ("<iframe srcdoc='<input>'></iframe>", types_in_frame),
    "typed into an editor in a frame": ("<iframe srcdoc='<div contenteditable>e</div>'></iframe>", types_in_frame),
    "typed and cleared": ("<input>", types_and_clears),
    "typed, undone and done again": ("<input>", types_and_undoes),
    "typed into a shown password": (
        '<input type=password><button type=button onclick=\'const p = this.previousSibling; p.type = p.type === "text" ? "password" : "text"\'>eye</button>',
        types_shown,
    ),
    "typed with an input method": ("<input>", composes),
    "typed into an editor with an input method": ("<div contenteditable>e</div>", composes),
    "pasted into a field": ("<input>", pastes),
    "pasted into a password field": ("<input type=password>", pastes),
    "pasted into a textarea": ("<textarea></textarea>", pastes),
    "pasted into editable text": ("<div contenteditable>e</div>", pastes),
    "pasted with its formats": ("<div contenteditable>e</div>", pastes_rich),
    "dropped into a textarea": ("<p class=rr-mask>CANARY</p><textarea></textarea>", drags),
    "dropped into editable text": ("<p class=rr-mask>CANARY</p><div contenteditable>e</div>", drags),
    "dropped file": ("<div>drop here</div>", drops_file),
    "chosen file": ("<input type=file>", chooses_file),
    "ticked checkbox's value": ("<input type=checkbox value=CANARY>", ticks),
    "chosen radio's value": ("<input type=radio name=r value=1><input type=radio name=r value=CANARY>", ticks),
    "completed from a list": ("<input list=none>", completes),
    "card autofilled": (
        "<form><input autocomplete=cc-number name=ccnumber><input autocomplete=cc-name name=ccname>"
        "<input autocomplete=cc-exp-month name=ccmonth><input autocomplete=cc-exp-year name=ccyear></form>",
        autofills,
        "CARD",
    ),
    "search sent by GET": ("<form action=/empty target=sink><input name=q></form>", sends),
    "link with a query, clicked": ("<a href='/empty?user=CANARY' target=sink>l</a>", clicks),
    "link in a new tab": ("<a href='/empty?user=CANARY' target=_blank rel=noopener>l</a>", opens),
    "question of the browser": ("", answers),
}

CLEAR: dict[str, Gesture] = {
    "copied text": ("<p>CANARY</p>", copies),
    "selected text": ("<p>CANARY</p>", selects_text),
    "dragged element": (
        "<p draggable=true ondragstart='event.dataTransfer.setData(\"text/plain\", this.textContent)'>CANARY</p><div ondragover='event.preventDefault()'>here</div>",
        drags_element,
    ),
    "chosen option": ("<select><option>a<option value=CANARY>b</select>", chooses),
    "chosen of several options": ("<select multiple><option>a<option value=CANARY>b</select>", chooses),
    "tooltip on hover": ("<p onmouseenter='this.title = \"CANARY\"'>p</p>", hovers),
    "written by a click": ("<button type=button onclick='this.after(\"CANARY\")'>b</button>", clicks),
}
