"""Opens a page in WebKit as a reader would. What the browser complains of goes to standard output, the page as its scripts
have left it to a file. Called by formats_test.py in a process of its own, on a screen that Xvfb pretends to have.
usage: browser.py PAGE FILE"""
import pathlib
import sys

import gi

gi.require_version("Gtk", "3.0")
gi.require_version("WebKit2", "4.1")
from gi.repository import GLib, Gtk, WebKit2

SETTLE_MS = 500   # for what the scripts put off


def main(page, file):
    view = WebKit2.WebView()
    view.get_settings().set_enable_write_console_messages_to_stdout(True)
    view.get_settings().set_hardware_acceleration_policy(WebKit2.HardwareAccelerationPolicy.NEVER)

    def read(view, result):
        pathlib.Path(file).write_text(view.evaluate_javascript_finish(result).to_string())
        Gtk.main_quit()

    def ask():
        view.evaluate_javascript("document.documentElement.outerHTML", -1, None, None, None, read)

    def loaded(_, event):
        if event == WebKit2.LoadEvent.FINISHED:
            GLib.timeout_add(SETTLE_MS, ask)

    view.connect("load-changed", loaded)
    window = Gtk.OffscreenWindow()
    window.set_default_size(1280, 900)
    window.add(view)
    window.show_all()
    view.load_uri(pathlib.Path(page).resolve().as_uri())
    Gtk.main()


main(*sys.argv[1:])
