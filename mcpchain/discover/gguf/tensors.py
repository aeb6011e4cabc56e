"""How GGUF stores numbers, and what a file says of that (ggml's `ggml.h`, `llama.h`).

The type of each tensor is observed. `general.file_type` is a claim about most of them.
"""

from typing import Final

TYPES: Final = {
    0: "F32",
    1: "F16",
    2: "Q4_0",
    3: "Q4_1",
    6: "Q5_0",
    7: "Q5_1",
    8: "Q8_0",
    9: "Q8_1",
    10: "Q2_K",
    11: "Q3_K",
    12: "Q4_K",
    13: "Q5_K",
    14: "Q6_K",
    15: "Q8_K",
    16: "IQ2_XXS",
    17: "IQ2_XS",
    18: "IQ3_XXS",
    19: "IQ1_S",
    20: "IQ4_NL",
    21: "IQ3_S",
    22: "IQ2_S",
    23: "IQ4_XS",
    24: "I8",
    25: "I16",
    26: "I32",
    27: "I64",
    28: "F64",
    29: "IQ1_M",
    30: "BF16",
    34: "TQ1_0",
    35: "TQ2_0",
    39: "MXFP4",
    40: "NVFP4",
    41: "Q1_0",
}
_GUESSED: Final = 1024
"""Set beside a file type that the loader made up."""
_CLAIMS: Final = {
    0: ("F32",),
    1: ("F16",),
    2: ("Q4_0",),
    3: ("Q4_1",),
    7: ("Q8_0",),
    8: ("Q5_0",),
    9: ("Q5_1",),
    10: ("Q2_K",),
    11: ("Q3_K",),
    12: ("Q3_K",),
    13: ("Q3_K",),
    14: ("Q4_K",),
    15: ("Q4_K",),
    16: ("Q5_K",),
    17: ("Q5_K",),
    18: ("Q6_K",),
    19: ("IQ2_XXS",),
    20: ("IQ2_XS",),
    21: ("Q2_K",),
    22: ("IQ3_XXS", "IQ3_S"),
    23: ("IQ3_XXS",),
    24: ("IQ1_S",),
    25: ("IQ4_NL",),
    26: ("IQ3_S",),
    27: ("IQ3_S",),
    28: ("IQ2_XS", "IQ2_S"),
    29: ("IQ2_S",),
    30: ("IQ4_XS",),
    31: ("IQ1_M",),
    32: ("BF16",),
    36: ("TQ1_0",),
    37: ("TQ2_0",),
    38: ("MXFP4",),
    39: ("NVFP4",),
    40: ("Q1_0",),
}
"""The types of which at least one tensor is, for each file type."""
_INSTEAD: Final = {
    **dict.fromkeys(("Q2_K", "Q3_K", "IQ4_XS", "TQ1_0", "TQ2_0"), ("IQ4_NL", "Q4_0")),
    "Q4_K": ("Q5_0",),
    "Q5_K": ("Q5_1",),
    "Q6_K": ("Q8_0",),
}
"""What a quantizer takes where the rows of a tensor do not fit: all may not."""


def type_name(number: int) -> str:
    """Return what a type is called; one that we do not know by its number."""
    return TYPES.get(number, f"type-{number}")


def most(elements: dict[str, int]) -> str:
    """Return the type of most of the elements, which *elements* counts by type."""
    return max(sorted(elements), key=elements.__getitem__) if elements else ""


def contradicts(file_type: int, elements: dict[str, int]) -> str:
    """Return the type that *file_type* promises, if there is no tensor of it.

    One is enough: in a small model most of the elements are those of the vocabulary,
    which a quantizer stores in a type of its own.
    """
    claimed = _CLAIMS.get(file_type & ~_GUESSED, ())
    fitting = {*claimed, *(e for each in claimed for e in _INSTEAD.get(each, ()))}
    if claimed[:1] and claimed[0].startswith("IQ"):
        fitting.add("IQ4_NL")
    return claimed[0] if claimed and fitting.isdisjoint(elements) else ""
