// webpack before 5.61 names its files by MD4, which OpenSSL 3 (Node 17 and later) has no more: MD5 does as well.
"use strict";

const crypto = require("crypto");

const { createHash } = crypto;
crypto.createHash = (name, ...more) => {
  try {
    return createHash(name, ...more);
  } catch (error) {
    if (String(name).toLowerCase() !== "md4") throw error;
    return createHash("md5", ...more);
  }
};
