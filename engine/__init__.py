"""The graph: documents are compiled into plans, and plans are run.

Blocks are functions:

    class Words(TypedDict):
        words: Each[str]

    @block("tour/split@v1")
    def split(text: str, between: Fixed[str] = " ") -> Words:
        return {"words": text.split(between)}

    @block("tour/long@v1")
    def long(word: str, next_steps: NextSteps) -> Passage:
        return next_steps if len(word) > 3 else []

    class Number(TypedDict):
        number: int

    @block("tour/count@v1")
    def count(words: Gathered[str]) -> Number:
        return {"number": len(words)}

A document wires them to each other:

    {"version": "1.0",
     "inputs": [{"type": "WorkflowBatchInput", "name": "text", "kind": ["string"]}],
     "steps": [
       {"type": "tour/split@v1", "name": "split", "text": "$inputs.text"},
       {"type": "tour/long@v1", "name": "long", "word": "$steps.split.words", "next_steps": ["$steps.count"]},
       {"type": "tour/count@v1", "name": "count", "words": "$steps.split.words"}],
     "outputs": [{"type": "JsonField", "name": "long_words", "selector": "$steps.count.number"}]}

A run with the inputs

    {"text": ["the quick brown fox", "so be it"]}

takes both texts through `split`, seven words through `long`, and two lists through `count`: `long` runs on words, which
`count` gathers, so it decides which words are in the lists. The results are

    [{"long_words": 2}, {"long_words": 0}]

Words that mean one thing here:

- A *row* is one element of the input batch, or of a level below it; the *root*, above all, has one row. An *axis* is
  where rows lie, a *line* leads from the root down to one of them. A *column* has one value for every row of an axis;
  its number is its *slot*.
- `MISSING` is the value of a row that has none. A row is *held* by a gate, and *skipped* when a block is not called for
  it.
- The *input batch* is what a run is given. A parameter that is a `Batch` takes all rows of its axis, whichever that is.
- A *literal* is written into the document; what a selector points to is *wired*. A *kind* is what a value is, as
  workflows name it. A *resource* is what the server hands to blocks.
- A *gate* is a block that decides, row by row, which of the steps that it names may run. A workflow may be a step of
  another one: an *inner workflow*. *Dynamic blocks* come with the document.
- *Today's servers* are those of Roboflow, whose workflows Penstock runs unchanged.

A tour for the first reading. The numbered parts are the main line, which takes an hour to an hour and a
quarter; the list below them is for later. The first line of every file says what it is.

1. What people write. `values/shape` has the words for how values are nested, and `signature` what is said in them; a
   `block` is a function whose signature is its manifest. A `document` has inputs, steps and outputs.
2. What becomes of it. `plan` is the end, and says how often steps run and for which rows; the first lines of `compiler`
   are the way there, and `workflow` is what its passes hand on. `parse` makes typed steps, `axes` says how often each
   of them runs, and `lower` writes the plan.
3. How a plan is run. `table` holds the columns. `inputs` writes the first; `run` calls blocks row by row, with what
   `reading` finds for them; `writing` puts what they return into columns; `outputs` nests the columns into results.

When it is needed:

- The door: `engine` compiles workflows, keeps their plans and runs them.
- What a text is that points from one step to another: `selectors`.
- Mistakes in documents: `read` finds parts that are missing or malformed, and two of one name; `arguments` tells
  selectors from literals, and finds those that do not fit; `link` puts steps in order, and finds selectors that point
  to nothing and steps that wait for each other; `check` finds kinds that do not fit.
- Blocks: `read_signature` reads manifests off functions; `registry` finds blocks; `kinds` lists all kinds, and
  `color` reads one of them; `values` has pictures and detections; `state` is what a step remembers.
- Workflows in workflows: `embed` fetches those that are named, `inner` makes their steps steps of the whole, and
  `scope` gives them names there.
- Who runs what when: `schedule` says which step is next, and `crew` lends it threads; `calling` is how blocks fail;
  `control` stops a run, with a `budget` of bytes.
- What is said: `errors` is the tree of all that can be wrong; `fault` says whose doing it is, and `phase` when it was.
  `report`, `console` and `skips` tell what happened in a run; `finding` says what was found, and `spelling` guesses
  what was meant; `version` is ours.
- Strangers: `wire` turns values into JSON and back; through `guard` alone come their bytes, addresses and paths. Each
  begins with a tour of its own.
"""
