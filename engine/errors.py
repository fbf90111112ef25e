"""Every error that Penstock raises on purpose, as one tree.

An error says *what* went wrong in words meant for the person who has to mend it, *where* (step, property, source), a
*hint* on how to mend it, and whose *fault* it is. `api/errors.py` maps faults to HTTP statuses. Class names are part of
the wire: they travel as `error_type`, so those that today's clients know keep the names that they know.

    PenstockError
    ├── RequestValidationError              body or query does not have the form that the route takes
    ├── RequestTooLargeError                more bytes than the server reads
    ├── RequestTooSlowError                 the body takes longer to arrive than the server waits
    ├── MissingApiKeyError                  this server asks for a key
    ├── ServerBusyError                     as many requests are waiting as the server lets wait
    ├── InputImageLoadError                 an image that cannot be had or cannot be decoded
    │   ├── InvalidImageTypeDeclared · InvalidNumpyInput   "type" is unknown; .npy content is no picture
    │   ├── ImageSourceRefused              a URL or path that policy forbids
    │   └── ImageTooLargeError              more bytes or pixels than the limit
    ├── ModelError
    │   ├── InvalidModelIDError             not an id
    │   ├── ModelNotFoundError              no provider has it
    │   ├── ModelNotRecognisedError         weights of no family that we know
    │   ├── ModelTaskError · ModelInputError         another task than was asked for; an input that cannot be taken
    │   ├── ModelArtefactError · ModelDownloadError  broken weights or manifest; every mirror failed
    │   └── OnnxProviderNotAvailable        a required execution provider is absent
    └── WorkflowError
        ├── WorkflowNotFoundError · MalformedWorkflowResponseError   of those that are stored here
        ├── WorkflowEnvironmentConfigurationError   what this server does not do unless its settings say so
        ├── WorkflowCompilerError           found before anything ran
        │   ├── PluginLoadingError · BlockInterfaceError
        │   ├── DynamicBlockError           the manifest of a Python block
        │   ├── WorkflowDefinitionError
        │   │   ├── WorkflowSyntaxError · DuplicatedNameError
        │   ├── ExecutionGraphStructureError · InvalidReferenceTargetError · ReferenceTypeError
        │   ├── StepInputDimensionalityError · StepInputLineageError
        │   ├── ControlFlowDefinitionError
        │   ├── InnerWorkflowCompositionError   workflows in workflows that cannot be
        │   │   ├── InnerWorkflowNestingDepthError · InnerWorkflowTotalCountError
        │   │   └── InnerWorkflowInvalidStepEntryError · InnerWorkflowCompositionCycleError
        │   └── InnerWorkflowParameterBindingsError
        │       ├── InnerWorkflowParameterBindingsUnknownInputError
        │       └── InnerWorkflowParameterBindingsMissingRequiredError
        └── WorkflowExecutionEngineError    found while running
            ├── NotSupportedExecutionEngineError · RuntimeInputError · InvalidBlockBehaviourError
            ├── StepExecutionError          a block failed, and it was not the caller's doing
            ├── ClientCausedStepExecutionError
            ├── DynamicBlockCodeError       the code of a Python block
            ├── ExecutionEngineRuntimeError · RunTimeoutError · RunCancelledError
            └── RoboflowQueryLanguageError  the query language
                ├── UndeclaredSymbolError · InvalidInputTypeError · OperationTypeNotRecognisedError
                └── OperationError · EvaluationEngineError
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.fault import BlockError, Fault


class PenstockError(Exception):
    """The root of the tree.

    Args:
        message: what went wrong, in one sentence without internals: it is shown to clients.
        hint: how to mend it.
        context: the phase in which it happened, a `Phase` where it is of a workflow.
        blocks: the steps and properties that are to blame.
    """

    fault: Fault = Fault.OURS

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        context: str | None = None,
        blocks: tuple[BlockError, ...] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.context = context
        self.blocks = blocks

    def __str__(self) -> str:
        return f"{self.message} {self.hint}" if self.hint else self.message


class RequestValidationError(PenstockError):
    """The body or the query does not have the form that the route takes.

    Args:
        details: every finding: its place (`loc`), its `type` and what is wrong (`msg`).
    """

    fault = Fault.MALFORMED

    def __init__(self, message: str, *, details: tuple[Mapping[str, object], ...]) -> None:
        super().__init__(message)
        self.details = details


class RequestTooLargeError(PenstockError):
    """The request has more bytes than the server reads."""

    fault = Fault.TOO_LARGE


class RequestTooSlowError(PenstockError):
    """The body takes longer to arrive than the server waits."""

    fault = Fault.TOO_SLOW


class MissingApiKeyError(PenstockError):
    """This server asks for a key and the request carries none that it knows."""

    fault = Fault.UNSIGNED


class ServerBusyError(PenstockError):
    """As many requests are waiting as the server lets wait."""

    fault = Fault.BUSY


class InputImageLoadError(PenstockError):
    """An image cannot be had or cannot be decoded."""

    fault = Fault.CALLER


class InvalidImageTypeDeclared(InputImageLoadError):
    """The `type` of an image is none that we know."""


class InvalidNumpyInput(InputImageLoadError):
    """Content in .npy form that is no picture."""


class ImageSourceRefused(InputImageLoadError):
    """A URL or a path that the policy of this server forbids."""


class ImageTooLargeError(InputImageLoadError):
    """An image has more bytes or pixels than the server takes."""

    fault = Fault.TOO_LARGE


class ModelError(PenstockError):
    """Something is wrong with a model."""


class InvalidModelIDError(ModelError):
    """The text is not a model id."""

    fault = Fault.CALLER


class ModelNotFoundError(ModelError):
    """No provider of weights has this model."""

    fault = Fault.MISSING


class ModelNotRecognisedError(ModelError):
    """The weights belong to no family that we know."""

    fault = Fault.CALLER


class ModelTaskError(ModelError):
    """The model is there but does another task than was asked for."""

    fault = Fault.CALLER


class ModelInputError(ModelError):
    """The model cannot take this input."""

    fault = Fault.CALLER


class ModelArtefactError(ModelError):
    """The weights or the manifest are broken."""


class ModelDownloadError(ModelError):
    """Every mirror of the weights failed."""

    fault = Fault.UPSTREAM


class OnnxProviderNotAvailable(ModelError):
    """An execution provider that the settings require is absent."""

    fault = Fault.UNABLE


class WorkflowError(PenstockError):
    """Something is wrong with a workflow or a run of it."""


class WorkflowNotFoundError(WorkflowError):
    """No workflow of this name is stored here."""

    fault = Fault.MISSING


class MalformedWorkflowResponseError(WorkflowError):
    """What is stored under a name is no workflow."""

    fault = Fault.UPSTREAM


class WorkflowEnvironmentConfigurationError(WorkflowError):
    """The workflow needs what this server does not do unless its settings say so."""

    fault = Fault.DENIED


class WorkflowCompilerError(WorkflowError):
    """Found before anything ran."""

    fault = Fault.CALLER


class PluginLoadingError(WorkflowCompilerError):
    """Blocks cannot be imported, or two of them claim the same type."""

    fault = Fault.OURS


class BlockInterfaceError(WorkflowCompilerError):
    """The signature of a block makes no manifest."""

    fault = Fault.OURS


class DynamicBlockError(WorkflowCompilerError):
    """The manifest of a Python block that comes with a workflow makes no block."""


class WorkflowDefinitionError(WorkflowCompilerError):
    """The document is not a workflow."""


class WorkflowSyntaxError(WorkflowDefinitionError):
    """A part of the document is missing, unknown or of a wrong form."""


class DuplicatedNameError(WorkflowDefinitionError):
    """Two inputs, steps or outputs share a name."""


class ExecutionGraphStructureError(WorkflowCompilerError):
    """The steps do not make a directed graph without cycles."""


class InvalidReferenceTargetError(WorkflowCompilerError):
    """A selector points to nothing."""


class ReferenceTypeError(WorkflowCompilerError):
    """A selector points to a kind of value that the property does not take."""


class StepInputDimensionalityError(WorkflowCompilerError):
    """A step gets values that are nested deeper, or less deep, than it can take."""


class StepInputLineageError(WorkflowCompilerError):
    """A step gets values that belong to different branches of nesting."""


class ControlFlowDefinitionError(WorkflowCompilerError):
    """A gate decides for rows that the step behind it does not have."""


class InnerWorkflowCompositionError(WorkflowCompilerError):
    """Workflows in workflows that cannot be."""


class InnerWorkflowNestingDepthError(InnerWorkflowCompositionError):
    """Workflows are nested deeper than allowed."""


class InnerWorkflowTotalCountError(InnerWorkflowCompositionError):
    """There are more inner workflows than allowed."""


class InnerWorkflowInvalidStepEntryError(InnerWorkflowCompositionError):
    """The step does not say which workflow it is, or says it twice."""


class InnerWorkflowCompositionCycleError(InnerWorkflowCompositionError):
    """A stored workflow has itself as an inner workflow."""


class InnerWorkflowParameterBindingsError(WorkflowCompilerError):
    """What a step binds is not what its inner workflow takes."""


class InnerWorkflowParameterBindingsUnknownInputError(InnerWorkflowParameterBindingsError):
    """The inner workflow has no such input."""


class InnerWorkflowParameterBindingsMissingRequiredError(InnerWorkflowParameterBindingsError):
    """An input of the inner workflow has no default and is not bound."""


class WorkflowExecutionEngineError(WorkflowError):
    """Found while running."""


class NotSupportedExecutionEngineError(WorkflowExecutionEngineError):
    """The document asks for a version of the engine that this is not."""

    fault = Fault.CALLER


class RuntimeInputError(WorkflowExecutionEngineError):
    """The inputs of a run are missing, do not fit each other, or do not fit the workflow."""

    fault = Fault.CALLER


class InvalidBlockBehaviourError(WorkflowExecutionEngineError):
    """A block returned something else than it declares."""


class StepExecutionError(WorkflowExecutionEngineError):
    """A block failed, and it was not the caller's doing."""


class ClientCausedStepExecutionError(WorkflowExecutionEngineError):
    """A block failed because of what the caller asked for; the cause lends its fault."""

    def __init__(self, message: str, *, cause: PenstockError, blocks: tuple[BlockError, ...]) -> None:
        super().__init__(message, hint=cause.hint, blocks=blocks)
        self.fault = cause.fault
        self.cause = cause


class DynamicBlockCodeError(WorkflowExecutionEngineError):
    """The code of a Python block that comes with a workflow does not compile, or fails."""

    fault = Fault.CALLER


class ExecutionEngineRuntimeError(WorkflowExecutionEngineError):
    """The outputs of a run cannot be put on the wire."""


class RunTimeoutError(WorkflowExecutionEngineError):
    """A run, or one of its steps, takes longer than it may."""

    fault = Fault.TOO_SLOW


class RunCancelledError(WorkflowExecutionEngineError):
    """Whoever wanted the results of a run wants them no more."""

    fault = Fault.CALLER


class RoboflowQueryLanguageError(WorkflowExecutionEngineError):
    """Something is wrong with an expression of the query language."""

    fault = Fault.CALLER


class UndeclaredSymbolError(RoboflowQueryLanguageError):
    """An operand names a parameter that nobody gave."""


class InvalidInputTypeError(RoboflowQueryLanguageError):
    """An operation got a value of a type that it cannot work on."""


class OperationTypeNotRecognisedError(RoboflowQueryLanguageError):
    """There is no operation of this name."""


class OperationError(RoboflowQueryLanguageError):
    """An operation failed on a value of the right type."""


class EvaluationEngineError(RoboflowQueryLanguageError):
    """A comparison cannot be made between these operands."""
