// A port that is written into a program and taken on this machine: the program listens on $PORT in its place.
//
// Loaded by every Node an app starts, where it shares its machine's ports with others.
"use strict";
const { Server } = require("net");

const emit = Server.prototype.emit;
const moved = Symbol("slipway.moved");

Server.prototype.emit = function (name, error, ...more) {
  const port = Number(process.env.PORT);
  const taken = name === "error" && error && error.code === "EADDRINUSE" && error.syscall === "listen" && error.port;
  if (!taken || !port || error.port === port || this[moved]) return emit.call(this, name, error, ...more);
  this[moved] = true;
  console.error(`slipway: port ${error.port} is taken on this machine, listening on ${port}`);
  this.listen(port, process.env.HOST);
  return true;
};
