"""The only code that touches bytes, addresses and paths that strangers send.

Three subjects, each read in this order, and `limits`, the settings of all of them:

1. Pictures: `encodings` reads base64 and arrays; `headers` reads from the first bytes of a picture file how large the
   picture is; `pixels` refuses what is too large by that, and decodes the rest.
2. The network: `addresses` says which of them may be reached; `connection` reaches those and no other; `fetch` gets
   pictures from URLs through it, and `egress` sends what workflows send.
3. The disk: `paths` finds files in open folders only, and `folder` is the one that workflows may write into.

How an image from a caller is made of these parts is told in `engine/wire/read_image.py`. Here nothing is known of the
forms in which values travel: `wire` uses `guard`, and never the other way round.
"""
