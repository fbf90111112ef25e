"""The graph: documents are compiled into plans, and plans are run.

A tour for the first reading. The numbered parts are one story, told in this order; the packages at the end close over
their subject, and each can be read when it is needed. The first line of every file says what it is.

1. What flows. `values` has pictures and detections and, in its `shape`, how they nest; `kinds` names them as workflows
   do; `color` and `clock` are two small ones.
2. What works on it. `block`: a function, whose `signature` is its manifest. `registry` finds blocks; `state` is what a
   step remembers.
3. What people write. `document`: inputs, steps, outputs. `selectors` point from one to another.
4. How that becomes a plan. `compiler`, in the order of its passes: embed the workflows that are named in this one,
   read and parse with all arguments, link, check kinds, lay axes, lower. `plan` is what comes out, and says what a
   column is.
5. How a plan is run. `inputs` writes the first columns; `schedule` says which step is next, and `crew` lends it
   threads; `run` calls the block for every row that `reading` finds complete; `outputs` nests the columns into results.
   `control` stops it, with a `budget` of bytes; `report`, `console` and `skips` tell what happened.
6. The door. `engine` holds the plans and runs them. `errors` is the tree of all that can be wrong, with whose `fault`
   it is; `spelling` guesses what was meant; `version` is ours.

Beside that stand `wire`, which turns values into JSON and back, and `guard`, through which alone bytes, addresses and
paths of strangers pass.
"""
