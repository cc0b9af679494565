"""What the doubles of WeChat and WeCom share: access tokens that end, signatures, encryption (AES from libcrypto: Python's own library has none)."""
import base64
import ctypes
import ctypes.util
import hashlib
import json
import os
import random
import struct
import time
import urllib.parse

from vendor import Answer, Vendor


def sign(*parts):
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()


_crypto = ctypes.CDLL(ctypes.util.find_library("crypto"))
_crypto.EVP_CIPHER_CTX_new.restype = _crypto.EVP_aes_256_cbc.restype = ctypes.c_void_p


def _aes(key, data, seal):
    """AES-256-CBC without padding; the IV is the key's first half."""
    ctx, out, n = ctypes.c_void_p(_crypto.EVP_CIPHER_CTX_new()), ctypes.create_string_buffer(len(data) + 16), ctypes.c_int()
    assert len(data) % 16 == 0 and _crypto.EVP_CipherInit_ex(ctx, ctypes.c_void_p(_crypto.EVP_aes_256_cbc()), None, key, key[:16], int(seal)) == 1
    _crypto.EVP_CIPHER_CTX_set_padding(ctx, 0)
    assert _crypto.EVP_CipherUpdate(ctx, out, ctypes.byref(n), data, len(data)) == 1 and n.value == len(data)
    _crypto.EVP_CIPHER_CTX_free(ctx)
    return out.raw[:len(data)]


def encrypt(aes_key, receiver, message):
    key, message = base64.b64decode(aes_key + "="), message.encode()
    data = os.urandom(16) + struct.pack(">I", len(message)) + message + receiver.encode()
    pad = 32 - len(data) % 32
    return base64.b64encode(_aes(key, data + bytes([pad]) * pad, True)).decode()


def decrypt(aes_key, encrypted):
    """-> (message, receiver)"""
    data = _aes(base64.b64decode(aes_key + "="), base64.b64decode(encrypted), False)
    data = data[16:-data[-1]]
    n = struct.unpack(">I", data[:4])[0]
    return data[4:4 + n].decode(), data[4 + n:].decode()


class Tokens(Vendor):
    """The book of access tokens. A token is good until it ends or revoke() is called."""

    def __init__(self, port=0, **settings):
        super().__init__(port, **settings)
        self.token, self.till, self.lifetime = None, 0.0, 7200
        self.n_tokens, self.forced, self.token_requests = 0, 0, 0
        self.refuse_tokens = None       # a code: no token is given out
        self.sticky = False             # a revoked token is still given out, as the real ones do for a while
        self.good = set()

    def new_token(self, force=False):
        with self.lock:
            self.token_requests += 1
            if force:
                self.forced += 1
            if self.token is None or time.time() > self.till or (self.token not in self.good and not self.sticky) or force:
                self.n_tokens += 1
                self.token, self.till = f"{self.name}-token-{self.n_tokens}_{random.randrange(1 << 60):x}", time.time() + self.lifetime
                self.good = {self.token}
            return {"access_token": self.token, "expires_in": max(1, int(self.till - time.time()))}

    def revoke(self):
        with self.lock:
            self.good = set()

    def token_refusal(self, request):
        """The code for this request's token, None when it is good."""
        token = dict(urllib.parse.parse_qsl(request.query)).get("access_token")
        with self.lock:
            if not token:
                return 41001
            return None if token in self.good and time.time() < self.till else 40001 if self.name == "wechat" else 40014

    def fail(self, request, code):
        return Answer(200, {"errcode": int(code), "errmsg": f"error {code} rid: 0-1-2"})

    def body_of(self, request):
        """The request's JSON; None when it is none, or escaped where WeChat wants raw UTF-8."""
        if b"\\u" in request.body:
            return None
        try:
            return json.loads(request.body)
        except ValueError:
            return None

    # ---- calling back ----

    def push(self, inner, nonce=None, timestamp=None, **wrong):
        """One encrypted callback with this XML inside. ${wrong}: msg_signature=, receiver=, plain=True. -> (status, body)"""
        s = self.settings
        timestamp, nonce = str(timestamp or int(time.time())), nonce or f"{random.randrange(1 << 30)}"
        sealed = encrypt(s["aes_key"], wrong.get("receiver", s["account"]), inner)
        query = {"timestamp": timestamp, "nonce": nonce, "signature": sign(s["hook_token"], timestamp, nonce)}
        if wrong.get("plain"):
            body = inner
        else:
            body = f"<xml><ToUserName><![CDATA[gh_1]]></ToUserName><Encrypt><![CDATA[{sealed}]]></Encrypt></xml>"
            query |= {"encrypt_type": "aes", "msg_signature": wrong.get("msg_signature", sign(s["hook_token"], timestamp, nonce, sealed))}
        return self.post(s["hook"] + "?" + urllib.parse.urlencode(query), body.encode(), "text/xml", timeout=5)

    def event(self, from_, name, more="", **k):
        return self.push(f"<xml><ToUserName>gh_1</ToUserName><FromUserName>{from_}</FromUserName><CreateTime>{k.pop('at', int(time.time()))}</CreateTime>"
                         f"<MsgType>event</MsgType><Event>{name}</Event>{more}</xml>", **k)

    def text(self, from_, text, id_=None, **k):
        id_ = id_ or 24560000000000000 + self.new_id()
        return self.push(f"<xml><ToUserName>gh_1</ToUserName><FromUserName>{from_}</FromUserName><CreateTime>{int(time.time())}</CreateTime>"
                         f"<MsgType>text</MsgType><Content><![CDATA[{text}]]></Content><MsgId>{id_}</MsgId></xml>", **k)
