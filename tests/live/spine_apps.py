"""One small real project of each type: a page, a stylesheet, a redirect, a slow page, and one dependency.

`VERSION` in a file is what an edit replaces. Every app redirects to `/landed/` as if it had the host to itself, as
most real ones do. What its dependency says stands on its page.
"""

from __future__ import annotations

from dataclasses import dataclass

CSS = "body { color: teal }"
PAGE = "<link rel=stylesheet href=style.css><h1>VERSION</h1>"

EXPRESS = """
const express = require('express')
const app = express()
app.get('/', (ask, answer) => answer.send(`PAGE ${require('express/package.json').description}`))
app.use(express.static('public'))
app.get('/go', (ask, answer) => answer.redirect('/landed/'))
app.get('/landed/', (ask, answer) => answer.send('landed'))
app.get('/slow', (ask, answer) => setTimeout(() => answer.send('slow'), 10000))
app.listen(process.env.PORT)
"""
FLASK = """
import time
import flask
from flask import Flask, redirect
app = Flask(__name__, static_folder="public", static_url_path="")

@app.get("/")
def page(): return '''PAGE ''' + flask.__name__

@app.get("/go")
def go(): return redirect("/landed/")

@app.get("/landed/")
def landed(): return "landed"

@app.get("/slow")
def slow():
    time.sleep(10)
    return "slow"
"""
PHP = """<?php
require __DIR__ . '/../vendor/autoload.php';
$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
if ($path === '/go') { header('Location: /landed/', true, 302); exit; }
if ($path === '/landed/') { exit('landed'); }
if ($path === '/slow') { sleep(10); exit('slow'); }
echo 'PAGE ', Greeting\\Words::say();
"""
COMPOSER = """{
  "require": {"local/greeting": "*"},
  "repositories": [{"type": "path", "url": "packages/greeting"}, {"packagist.org": false}]
}"""
GREETING_PHP = "<?php namespace Greeting; class Words { static function say() { return 'from composer'; } }"
GREETING_JSON = '{"name": "local/greeting", "version": "1.0.0", "autoload": {"psr-4": {"Greeting\\\\": "src/"}}}'
GO = """package main

import (
    "fmt"
    "net/http"
    "os"
    "time"

    "example.org/greeting"
)

func main() {
    http.HandleFunc("/{$}", func(w http.ResponseWriter, r *http.Request) {
        w.Header().Set("Content-Type", "text/html")
        fmt.Fprintf(w, `PAGE %s`, greeting.Say())
    })
    http.Handle("/style.css", http.FileServer(http.Dir("public")))
    http.Handle("/go", http.RedirectHandler("/landed/", 302))
    http.HandleFunc("/landed/", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "landed") })
    http.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) {
        time.Sleep(10 * time.Second)
        fmt.Fprint(w, "slow")
    })
    panic(http.ListenAndServe(":"+os.Getenv("PORT"), nil))
}
"""
GO_MOD = "module example.org/app\n\ngo 1.24\n\nrequire example.org/greeting v1.0.0\n"
GO_VENDORED = "# example.org/greeting v1.0.0\n## explicit\nexample.org/greeting\n"
RUBY = """require 'bundler/setup'
require 'socket'
require 'greeting'

ANSWERS = {
  '/' => ['200 OK', 'text/html', %(PAGE #{Greeting.say})],
  '/style.css' => ['200 OK', 'text/css', File.read('public/style.css')],
  '/go' => ['302 Found', 'text/plain', '', "Location: /landed/\\r\\n"],
  '/landed/' => ['200 OK', 'text/plain', 'landed'],
  '/slow' => ['200 OK', 'text/plain', 'slow'],
}
server = TCPServer.new(ENV['HOST'], ENV['PORT'].to_i)
trap('TERM') { exit }
loop do
  Thread.new(server.accept) do |client|
    path = client.gets.to_s.split[1]
    nil until client.gets.to_s.strip.empty?
    sleep 10 if path == '/slow'
    status, type, body, more = ANSWERS.fetch(path, ['404 Not Found', 'text/plain', 'no'])
    client.write "HTTP/1.1 #{status}\\r\\nContent-Type: #{type}\\r\\nContent-Length: #{body.bytesize}\\r\\n" \\
                 "#{more}Connection: close\\r\\n\\r\\n#{body}"
    client.close
  end
end
"""
GEMSPEC = """Gem::Specification.new do |s|
  s.name, s.version, s.summary, s.authors = 'greeting', '1.0.0', 'a greeting', ['nobody']
  s.files = ['lib/greeting.rb']
end
"""


@dataclass(frozen=True)
class App:
    """A project: `edited` is the file an edit changes, `dependency` the word that shows that it is there."""

    kind: str
    files: dict[str, str]
    edited: str
    dependency: str = ""
    redirect: str = "go"

    def at(self, version: str) -> dict[str, str]:
        """The whole folder at a version."""
        return {path: text.replace("PAGE", PAGE).replace("VERSION", version) for path, text in self.files.items()}

    def edit(self, version: str) -> dict[str, str]:
        """Only the file that differs between versions."""
        return {self.edited: self.at(version)[self.edited]}


STATIC = App(
    "static", {"index.html": "PAGE", "style.css": CSS, "landed/index.html": "landed"}, "index.html", redirect="landed"
)
NODE = App(
    "node",
    {
        "package.json": '{"name": "shop", "scripts": {"start": "node server.js"}, "dependencies": {"express": "^4"}}',
        "server.js": EXPRESS,
        "public/style.css": CSS,
    },
    "server.js",
    "minimalist web framework",
)
PYTHON = App("python", {"requirements.txt": "flask\n", "app.py": FLASK, "public/style.css": CSS}, "app.py", "flask")
PHP_APP = App(
    "php",
    {
        "composer.json": COMPOSER,
        "packages/greeting/composer.json": GREETING_JSON,
        "packages/greeting/src/Words.php": GREETING_PHP,
        "public/index.php": PHP,
        "public/style.css": CSS,
    },
    "public/index.php",
    "from composer",
)
GO_APP = App(
    "go",
    {
        "go.mod": GO_MOD,
        "main.go": GO,
        "vendor/modules.txt": GO_VENDORED,
        "vendor/example.org/greeting/greeting.go": 'package greeting\n\nfunc Say() string { return "from vendor" }\n',
        "public/style.css": CSS,
    },
    "main.go",
    "from vendor",
)
RUBY_APP = App(
    "ruby",
    {
        "Gemfile": "gem 'greeting', path: 'gems/greeting'\n",
        "gems/greeting/greeting.gemspec": GEMSPEC,
        "gems/greeting/lib/greeting.rb": "module Greeting; def self.say = 'from a gem'; end\n",
        "app.rb": RUBY,
        "public/style.css": CSS,
    },
    "app.rb",
    "from a gem",
)
ON_DOCKER = (STATIC, NODE, PYTHON, PHP_APP, GO_APP, RUBY_APP)
AS_PROCESSES = (STATIC, NODE, PYTHON)
