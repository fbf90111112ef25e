"""Values as they travel: what comes from outside is decoded, what goes out is encoded.

In: `decode` chooses a reader by the kinds that an input may be. `read_plain` reads texts, numbers and containers,
`read_image` pictures with their `read_frame`, which is where they come from, `read_classification` and
`read_detections`; the latter goes on to `read_masks`, with `rle` for run lengths, and `read_columns`. What does not fit
is `unfit`, the limits are `bounds`, and `members` are what objects have under a key.

Out: `encode` sends every value through `plain`, which turns what Python and numpy have into what JSON has, and knows
pictures, detections (`write_detections`) and where both come from (`write_frame`). What kinds of detections there are,
and what is different about each, is in `detection_kinds`, for both ways.
"""
