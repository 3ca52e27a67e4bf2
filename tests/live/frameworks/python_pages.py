"""Projects of `apps` for Python's tools that make their own pages, and MkDocs."""

from __future__ import annotations

from tests.live.frameworks.parts import STATIC, App

STREAMLIT = 'import streamlit as st\nst.title("Shop")\nst.write("ready" if st.button("Send") else "waiting")\n'
GRADIO = """
import gradio as gr
demo = gr.Interface(fn=lambda word: f"echo {word}", inputs="text", outputs="text", title="Shop")
demo.launch()
"""
DASH = """
from dash import Dash, Input, Output, dcc, html
app = Dash(__name__)
server = app.server
app.layout = html.Div([html.H1("Shop"), dcc.Input(id="word", value="pear"), html.P(id="out")])

@app.callback(Output("out", "children"), Input("word", "value"))
def echo(word):
    return f"echo {word}"

if __name__ == "__main__":
    app.run(debug=True)
"""
MKDOCS = {
    "mkdocs.yml": "site_name: Shop\nsite_url: https://example.org/handbook/\nnav:\n  - Home: index.md\n  - About: about.md\n",
    "docs/index.md": "# Shop\n\n[About](about.md)\n",
    "docs/about.md": "# About\n",
}
MATERIAL = {
    "requirements.txt": "mkdocs-material\n",
    "mkdocs.yml": "site_name: Shop\ntheme:\n  name: material\n  font: false\n  features: [navigation.instant]\nnav:\n"
    "  - Home: index.md\n  - About: about.md\nmarkdown_extensions: [admonition, pymdownx.details]\n",
    "docs/index.md": "# Shop\n\n!!! note\n    Fresh.\n\n[About](about.md)\n",
    "docs/about.md": "# About\n",
}
NICEGUI = """
from nicegui import app, ui
app.add_static_files("/static", "static")

@ui.page("/")
def index():
    ui.html("<h1>Shop</h1>", sanitize=False)
    ui.image("/static/dot.svg").classes("w-4")
    ui.link("About", "/about")
    ui.button("Send", on_click=lambda: ui.label("echo pear"))

@ui.page("/about")
def about():
    ui.html("<h1>About</h1>", sanitize=False)

ui.run(title="Shop")
"""
PANEL = """
import panel as pn
pn.extension()
word = pn.widgets.TextInput(name="Word", value="pear")
send = pn.widgets.Button(name="Send")
said = pn.pane.Markdown("")
send.on_click(lambda event: setattr(said, "object", f"echo {word.value}"))
pn.Column(pn.pane.HTML("<h1>Shop</h1>"), word, send, said).servable(title="Shop")
"""
SOLARA = """
import solara
said = solara.reactive("")

@solara.component
def Page():
    solara.HTML(tag="h1", unsafe_innerHTML="Shop")
    solara.Button("Send", on_click=lambda: said.set("echo pear"))
    solara.Text(said.value)
"""
CHAINLIT = """
import chainlit as cl

@cl.on_chat_start
async def start():
    await cl.Message(content="# Shop").send()

@cl.on_message
async def main(message: cl.Message):
    await cl.Message(content=f"echo {message.content}").send()
"""
MESOP = """
import mesop as me

@me.stateclass
class State:
    said: str = ""

def send(event: me.ClickEvent):
    me.state(State).said = "echo pear"

@me.page(path="/", title="Shop")
def page():
    me.markdown("# Shop")
    me.button("Send", on_click=send)
    me.text(me.state(State).said)
"""


def script(name: str, needs: str, text: str, *, file: str = "app.py", **more: bool | str) -> App:
    """A framework that makes its own page, which answers the button by its own WebSocket or stream."""
    given: dict[str, bool | str] = {"about": False, "styled": False, "click": "Send", "shows": "echo pear", **more}
    return App(name, {"requirements.txt": f"{needs}\n", file: text}, **given)  # type: ignore[arg-type]


PYTHON_PAGES = (
    App(
        "streamlit", {"requirements.txt": "streamlit\n", "app.py": STREAMLIT},
        about=False, styled=False, click="Send", shows="ready",
    ),
    App(
        "gradio", {"requirements.txt": "gradio\n", "app.py": GRADIO}, about=False, styled=False, click="Submit", shows="echo",
    ),
    App("dash", {"requirements.txt": "dash\n", "app.py": DASH}, about=False, styled=False, shows="echo pear"),
    App("mkdocs", MKDOCS, styled=False),
    App("mkdocs-material", MATERIAL, framework="mkdocs", styled=False),
    App("nicegui", {"requirements.txt": "nicegui\n", "main.py": NICEGUI, **STATIC}, styled=False, click="Send", shows="echo pear"),
    script("panel", "panel", PANEL),
    script("solara", "solara==1.58.*\nsolara-assets==1.58.*", SOLARA),
    script("chainlit", "chainlit", CHAINLIT, click="", shows="Shop"),
    script("mesop", "mesop", MESOP, file="main.py"),
)  # fmt: skip
