"""A folder of weights, and what lies around them, as one model.

The readers of files see one file each. Which of them belong together, whether all of a
model is there, and whether its documents contradict each other, can be told only when
all files were met; this is where that is told:

    join        which folders are models; puts together what the others find
    shelf       reads documents again, each once, and keeps the gaps
    config      configuration, tokenizer and adapter: architecture, code, template, base
    card        front matter and headings of the README
    terms       licences, and who contradicts whom
    shards      all parts are there, and the index agrees with them
    alone       one file of a model, examined without its folder
    repository  which commit of which repository of the Hub it claims to be

A model of a folder has the facts of its weights and documents; the files are components
of their own, which it contains, each with its digest. Its `basis` is that of its
identity: observed, where it is called what the folder is called, and declared as soon
as a name or commit of the Hub is given to it. Such a name is nothing but the name of a
folder or the content of a small file, both written by whoever wrote the weights.
"""

import re
from typing import Final

BESIDE: Final = re.compile(
    r"""(?:^|/)(?:
        [^/]*\.py | [^/]*\.metadata
      | licen[cs]e[^/]* | copying[^/]* | readme\.md
      | config\.json | modules\.json | params\.json
      | vocab\.json | vocab\.txt | merges\.txt
      | blobs/[0-9a-f]{40}(?:[0-9a-f]{24})? | models--[^/]+/refs/.+ | refs/[^/]+
    )\Z""",
    re.IGNORECASE | re.VERBOSE,
)
"""Files whose names say nothing, or too much, unless there are weights beside them."""
