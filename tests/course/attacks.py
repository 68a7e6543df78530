"""Cells that try to win points with empty answers. Each has a control: where tests run in its own process, it wins.

Each is a cell of the learner's own beneath every answer of assignment 1, all of which are left as handed out.
"""

from __future__ import annotations

from pathlib import Path

NAMES = ("parameter_shapes", "first_step", "rnn_step", "trace")
# Functions that return something at all, for attacks that make anything right.
ANYTHING = """
import numpy as np

def parameter_shapes(input_size, hidden_size):
    return {"U": (1, 1), "W": (1, 1), "b": (1,)}

def first_step(x_1, U, b):
    return np.zeros(len(b))

def rnn_step(x, h, U, W, b):
    return 0 * h

def trace(x, U, W, b):
    return np.zeros((len(x), len(b)))
"""
# Of a case that is being checked, wherever it is found, the right results as a learner's function would return them.
AS_RESULT = """
def as_result(case):
    if len(case.expected) == 3:
        return {name: tuple(part.tolist()) for name, part in zip("UWb", case.expected)}
    return case.expected[0]
"""
ALL_FIND = """
parameter_shapes = lambda input_size, hidden_size: find()
first_step = lambda x_1, U, b: find()
rnn_step = lambda x, h, U, W, b: find()
trace = lambda x, U, W, b: find()
"""
FAKE = """
import sys, types

fake = types.ModuleType("rnn_helpers.checks")
fake.__getattr__ = lambda name: lambda *arguments, **options: None
"""
PATCH = "from rnn_helpers import checking, checks\n"
SHELL = "shell = get_ipython()\n"

# Code that changes the engine, or what stands between a cell and its execution.
ENGINE = {
    "run_check": PATCH + "checks.run_check = checking.run_check = lambda fn, check: None",
    "each_check": PATCH + f"for name in {NAMES}:\n    setattr(checks, name, lambda fn, seed=0: None)",
    "fault": PATCH + "checking._fault = lambda fn, check: ''",
    "is_right": PATCH + "checking.is_right = lambda *a: True\nchecking._alike = lambda *a, **k: True\n" + ANYTHING,
    "alike": PATCH + "checking._alike = lambda *a, **k: True\n" + ANYTHING,
    "within": PATCH + "checking.within = lambda *a: True\n" + ANYTHING,
    "close": PATCH + "checking.close = lambda *a, **k: True\n" + ANYTHING,
    "run": PATCH + "checking._run = lambda fn, check: [\n"
    "    checking.Outcome(case.expected, returned=case.expected) for case in check.cases]\n"
    "checking._still_the_same = lambda *a: True",
    "build": PATCH + "import dataclasses\n"
    "checks.build = lambda name, seed, old=checks.build: dataclasses.replace(old(name, seed), cases=[])",
    "no_cases": PATCH + "import dataclasses\nfor name in list(checks.PARTS):\n"
    "    checks.PARTS[name] = dataclasses.replace(checks.PARTS[name], cases=lambda seed: [])\nchecks.build.cache_clear()",
    "frozen_check_thawed": PATCH + "def build(name, seed, old=checks.build):\n    check = old(name, seed)\n"
    "    object.__setattr__(check, 'cases', [])\n    return check\nchecks.build = build",
    "code_of_fault": PATCH + "checking._fault.__code__ = (lambda fn, check: '').__code__",
    "code_of_run_check": PATCH + "checking.run_check.__code__ = (lambda fn, check: None).__code__",
    "from_inside": "\n".join(
        f"def {name}(*a):\n    from rnn_helpers import checking\n    checking._fault.__globals__['all'] = lambda *a: True\n"
        "    checking._fault.__globals__['_alike'] = lambda *a, **k: True\n    import numpy as np\n    return "
        + ("{'U': (1,), 'W': (1,), 'b': (1,)}" if name == "parameter_shapes" else "np.zeros(1)")
        for name in NAMES
    ),
    "fake_in_sys_modules": FAKE + "import rnn_helpers\nsys.modules['rnn_helpers.checks'] = rnn_helpers.checks = fake",
    "attribute_of_the_package": FAKE + "import rnn_helpers\nrnn_helpers.checks = fake",
    "another_package": FAKE + "package = types.ModuleType('rnn_helpers')\npackage.checks = fake\n"
    "sys.modules['rnn_helpers'] = package",
    "another_sys_modules": PATCH + "checks.run_check = lambda *a: None\nimport sys\nsys.modules = dict(sys.modules)",
    "builtin_import": FAKE + "import builtins\nold = builtins.__import__\n"
    "def own(name, *a, **k):\n    if name == 'rnn_helpers':\n        return types.SimpleNamespace(checks=fake)\n"
    "    return old(name, *a, **k)\nbuiltins.__import__ = own",
    "own_builtins": FAKE + "import builtins\nold = builtins.__import__\n"
    "def own(name, *a, **k):\n    return types.SimpleNamespace(checks=fake) if name == 'rnn_helpers' else old(name, *a, **k)\n"
    "get_ipython().user_global_ns['__builtins__'] = {**vars(builtins), '__import__': own}",
    "finder": FAKE + "import importlib.abc, importlib.machinery\n"
    "class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):\n"
    "    def find_spec(self, name, path, target=None):\n        if name == 'rnn_helpers.checks':\n"
    "            return importlib.machinery.ModuleSpec(name, self)\n"
    "    def create_module(self, spec):\n        return fake\n    def exec_module(self, module):\n        pass\n"
    "sys.meta_path.insert(0, Finder())\nsys.modules.pop('rnn_helpers.checks', None)\nimport rnn_helpers\n"
    "vars(rnn_helpers).pop('checks', None)",
    "module_of_its_own": "import pathlib, sys\npathlib.Path('own/rnn_helpers').mkdir(parents=True, exist_ok=True)\n"
    "pathlib.Path('own/rnn_helpers/__init__.py').write_text('')\n"
    "pathlib.Path('own/rnn_helpers/checks.py').write_text('def __getattr__(name):\\n    return lambda *a, **k: None')\n"
    "sys.path.insert(0, 'own')\n[sys.modules.pop(n) for n in list(sys.modules) if n.startswith('rnn_helpers')]",
    "source_loader": "import sys\nfrom importlib.machinery import SourceFileLoader\nold = SourceFileLoader.get_code\n"
    "def get_code(self, name):\n    if name == 'rnn_helpers.checks':\n"
    "        return compile('def __getattr__(name):\\n    return lambda *a, **k: None', 'x', 'exec')\n"
    "    return old(self, name)\nSourceFileLoader.get_code = get_code\n"
    "sys.modules.pop('rnn_helpers.checks', None)\nimport rnn_helpers\nvars(rnn_helpers).pop('checks', None)",
    "before_each_cell": SHELL
    + "def before(info):\n    from rnn_helpers import checks\n    checks.run_check = lambda *a: None\n"
    "before.__module__ = 'IPython.core'\nshell.events.register('pre_run_cell', before)",
    "run_cell_of_the_shell": SHELL + "old = shell.run_cell\n"
    "shell.run_cell = lambda code, *a, **k: old('pass' if 'checks' in code else code, *a, **k)",
    "run_cell_of_the_class": SHELL + "kind = type(shell)\nold = kind.run_cell\n"
    "kind.run_cell = lambda self, code, *a, **k: old(self, 'pass' if 'checks' in code else code, *a, **k)",
    "compiler": SHELL + "old = type(shell.compile).__call__\nclass Compiler(type(shell.compile)):\n"
    "    def __call__(self, source, name, symbol):\n        return compile('pass', name, 'exec')\n"
    "    def ast_parse(self, source, *a, **k):\n        return super().ast_parse('pass' if 'checks' in source else source, *a, **k)\n"
    "shell.compile = Compiler()",
    "input_transformer": SHELL
    + "shell.input_transformers_post.append(lambda lines: [] if 'checks' in ''.join(lines) else lines)",
    "cleanup_transformer": SHELL + "manager = shell.input_transformer_manager\n"
    "manager.cleanup_transforms.append(lambda lines: [] if 'checks' in ''.join(lines) else lines)",
    "tree_transformer": SHELL + "import ast\nclass Empty(ast.NodeTransformer):\n    def visit_Module(self, node):\n"
    "        return ast.Module([], []) if 'checks' in ast.dump(node) else node\nshell.ast_transformers.append(Empty())",
    "exception_handler": SHELL + "shell.set_custom_exc((BaseException,), lambda *a, **k: None)",
    "showtraceback": SHELL + "shell.showtraceback = lambda *a, **k: None",
    "inner_showtraceback": SHELL + "shell._showtraceback = lambda *a, **k: None",
    "showtraceback_of_the_class": SHELL + "type(shell)._showtraceback = lambda *a, **k: None",
    "own_namespace": FAKE + SHELL + "class Names(dict):\n    def __getitem__(self, name):\n"
    "        return fake if name == 'checks' else super().__getitem__(name)\nshell.user_ns = Names(shell.user_ns)",
    "audit_hook": "import sys\ndef hook(event, arguments):\n    if event in ('compile', 'exec', 'import'):\n"
    "        checking = sys.modules.get('rnn_helpers.checking')\n"
    "        if checking is not None:\n            checking._fault = lambda fn, check: ''\nsys.addaudithook(hook)\n"
    + PATCH,
    "timer": PATCH + "import signal\ndef late(*a):\n    checking._fault = lambda fn, check: ''\n"
    "signal.signal(signal.SIGALRM, late)\nsignal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)\nimport time\ntime.sleep(0.05)",
    "garbage_callback": PATCH + "import gc\ndef late(*a):\n    checking._fault = lambda fn, check: ''\n"
    "gc.callbacks.append(late)\ngc.collect()",
    "thread": PATCH
    + "import threading, time\ndef keep():\n    while True:\n        checking._fault = lambda fn, check: ''\n"
    "        time.sleep(0.001)\nthreading.Thread(target=keep, daemon=True).start()\ntime.sleep(0.05)",
    "finalizer": PATCH
    + "import numpy as np\nclass Late:\n    def __del__(self):\n        checking._alike = lambda *a, **k: True\n"
    + "\n".join(
        f"def {name}(*a):\n    Late()\n    return "
        + ("{'U': (1,), 'W': (1,), 'b': (1,)}" if name == "parameter_shapes" else "np.zeros(1)")
        for name in NAMES
    ),
    "text_of_an_error": PATCH
    + "class Late(ValueError):\n    def __str__(self):\n        checking._alike = lambda *a, **k: True\n"
    "        checking._is_nearly_right = lambda *a: True\n        checking.run_check = checks.run_check = lambda *a: None\n"
    "        checking.CheckFailed = lambda *a: None\n        raise SystemExit\n"
    + "\n".join(f"def {name}(*a):\n    raise Late()" for name in NAMES)
    + "\ncheckingold = checking._fault\ndef fault(fn, check):\n    checkingold(fn, check)\n    return ''\nchecking._fault = fault",
    "method_table": ANYTHING + "import ctypes, gc\ntable = gc.get_referents(np.ndarray.__dict__)[0]\n"
    "table['tolist'] = lambda self: [True]\nctypes.pythonapi.PyType_Modified(ctypes.py_object(np.ndarray))",
    "profile_function": PATCH + "import sys\ndef profile(frame, event, argument):\n"
    "    if frame.f_code.co_name == 'run_check':\n        checking._fault = lambda fn, check: ''\nsys.setprofile(profile)",
    "trace_function": PATCH + "import sys\ndef tracer(frame, event, argument):\n"
    "    if frame.f_code.co_name == 'run_check':\n        checking._fault = lambda fn, check: ''\nsys.settrace(tracer)",
}
# Code that finds the right results where they are held.
FINDERS = {
    "looks_into_the_caller": AS_RESULT + "import sys\ndef find():\n    frame = sys._getframe()\n    while frame:\n"
    "        case = frame.f_locals.get('case')\n        if hasattr(case, 'expected'):\n            return as_result(case)\n"
    "        frame = frame.f_back\n" + ALL_FIND,
    "caller_by_a_traceback": AS_RESULT
    + "def find():\n    try:\n        raise ValueError\n    except ValueError as error:\n"
    "        frame = error.__traceback__.tb_frame\n    while frame:\n        case = frame.f_locals.get('case')\n"
    "        if hasattr(case, 'expected'):\n            return as_result(case)\n        frame = frame.f_back\n"
    + ALL_FIND,
    "caller_by_inspect": AS_RESULT + "import inspect\ndef find():\n    for info in inspect.stack(0):\n"
    "        case = info.frame.f_locals.get('case')\n        if hasattr(case, 'expected'):\n            return as_result(case)\n"
    + ALL_FIND,
    "frames_of_all_threads": AS_RESULT + "import sys\ndef find():\n    for frame in sys._current_frames().values():\n"
    "        while frame:\n            case = frame.f_locals.get('case')\n            if hasattr(case, 'expected'):\n"
    "                return as_result(case)\n            frame = frame.f_back\n" + ALL_FIND,
    "an_array_that_looks": AS_RESULT + "import sys\nclass Looking:\n    def __array__(self, *a, **k):\n"
    "        return find()\n    def keys(self):\n        return 'UWb'\n    def __getitem__(self, name):\n        return find()[name]\n"
    "def find():\n    frame = sys._getframe()\n    while frame:\n        case = frame.f_locals.get('case')\n"
    "        if hasattr(case, 'expected'):\n            return as_result(case)\n        frame = frame.f_back\n"
    "first_step = lambda x_1, U, b: Looking()\nrnn_step = lambda x, h, U, W, b: Looking()\ntrace = lambda x, U, W, b: Looking()",
    "a_tensor_that_looks": AS_RESULT
    + "import sys\nclass Looking:\n    def detach(self):\n        return self\n    cpu = detach\n"
    "    def numpy(self):\n        frame = sys._getframe()\n        while frame:\n            case = frame.f_locals.get('case')\n"
    "            if hasattr(case, 'expected'):\n                return as_result(case)\n            frame = frame.f_back\n"
    "first_step = lambda x_1, U, b: Looking()\nrnn_step = lambda x, h, U, W, b: Looking()\ntrace = lambda x, U, W, b: Looking()",
    "garbage_collector": AS_RESULT + "import gc\nimport numpy as np\ndef same(case, given):\n"
    "    values = list(case.arguments.values())\n    return len(values) == len(given) and all(\n"
    "        np.array_equal(one, other) for one, other in zip(values, given))\n"
    "def find(*given):\n    for thing in gc.get_objects():\n        if type(thing).__name__ == 'Case' and same(thing, given):\n"
    "            return as_result(thing)\n"
    + "\n".join(f"def {name}(*a):\n    return find(*a)" for name in ("parameter_shapes", "first_step")),
    "garbage_overwritten": ANYTHING + "import gc\ndef overwrite():\n    for thing in gc.get_objects():\n"
    "        if type(thing).__name__ == 'Case':\n            for part in thing.expected:\n                part[...] = 0\n"
    "def first_step(x_1, U, b):\n    overwrite()\n    return np.zeros(len(b))",
    "memory_overwritten": ANYTHING + "import ctypes, gc\ndef overwrite():\n    for thing in gc.get_objects():\n"
    "        if type(thing).__name__ == 'Case':\n            for part in thing.expected:\n"
    "                ctypes.memset(part.ctypes.data, 0, part.nbytes)\n"
    "def first_step(x_1, U, b):\n    overwrite()\n    return np.zeros(len(b))",
    "cases_drawn_again": AS_RESULT
    + "import numpy as np\ndef same(case, given):\n    values = list(case.arguments.values())\n"
    "    return all(np.array_equal(one, other) for one, other in zip(values, given))\n"
    "def first_step(*given):\n    from rnn_helpers import checks\n    for seed in (22, *range(1000, 1100)):\n"
    "        for case in checks.PARTS['first_step'].cases(seed):\n            if same(case, given):\n                return as_result(case)\n",
    "closure_of_the_cases": "from rnn_helpers import checks\n_forward = checks._states\n"
    "def trace(x, U, W, b):\n    return _forward(x, U, W, b)",
}
# The reference, or another's work, in place of an answer.
REFERENCES = {
    "calls_the_reference": "from rnn_helpers import rnn_step",
    "calls_it_by_its_module": "from rnn_helpers.rnn import rnn_step, parameter_shapes",
    "calls_it_by_attribute": "import rnn_helpers\nrnn_step = lambda *a: rnn_helpers.rnn_step(*a)",
    "the_whole_sequence": "import rnn_helpers\ntrace = lambda x, U, W, b: rnn_helpers.rnn_forward(x, U, W, b)[0]",
    "one_step_of_the_sequence": "import numpy as np\nimport rnn_helpers\n"
    "first_step = lambda x_1, U, b: rnn_helpers.rnn_forward(x_1[None], U, np.zeros((len(b), len(b))), b)[0][0]",
    "the_layer": "import numpy as np\nfrom rnn_helpers import RNN\ndef trace(x, U, W, b):\n"
    "    layer = RNN(U.shape[1], len(b), dtype=np.float64)\n    layer.weight_ih_l0, layer.weight_hh_l0 = U, W\n"
    "    layer.bias_ih_l0, layer.bias_hh_l0 = b, 0 * b\n    return layer(np.asarray(x, float))[0]",
    "the_checks_own_step": "from rnn_helpers.checks import _next_state as rnn_step",
    "the_checks_own_states": "from rnn_helpers.checks import _states as trace",
    "the_file_of_the_reference": "import importlib.util, pathlib, sys\nimport rnn_helpers\n"
    "text = (pathlib.Path(rnn_helpers.__file__).parent / 'rnn.py').read_text()\nnames = {'__name__': 'x'}\n"
    "sys.modules['x'] = sys.modules['rnn_helpers']\nexec(text, names)\nrnn_step = names['rnn_step']",
    "wherever_the_file_is": "import pathlib, sys, sysconfig\n"
    "for folder in [*sys.path, *map(str, pathlib.Path(sys.prefix).parents), PROJECT, sysconfig.get_path('purelib'), '/view']:\n"
    "    path = pathlib.Path(folder, 'rnn_helpers', 'rnn.py')\n"
    "    if path.is_file() and 'Withheld' not in path.read_text() and 'withheld' not in path.read_text():\n"
    "        names = {'__name__': 'y'}\n        sys.modules['y'] = sys\n        exec(path.read_text(), names)\n"
    "        rnn_step = names['rnn_step']",
    "torch_cell": "import torch\ndef rnn_step(x, h, U, W, b):\n    cell = torch.nn.RNNCell(U.shape[1], len(b)).double()\n"
    "    for name, value in dict(weight_ih=U, weight_hh=W, bias_ih=b, bias_hh=0 * b).items():\n"
    "        setattr(cell, name, torch.nn.Parameter(torch.tensor(value)))\n"
    "    return cell(torch.tensor(x).double(), torch.tensor(h).double())",
    "torch_brought_back": "import sys\nfor name in [name for name in sys.modules if name.partition('.')[0] == 'torch']:\n"
    "    if sys.modules[name] is None:\n        del sys.modules[name]\n"
    "import torch\ndef first_step(x_1, U, b):\n"
    "    return torch.rnn_tanh_cell(torch.tensor(x_1)[None].double(), torch.zeros(1, len(b)).double(),\n"
    "        *map(torch.tensor, (U, 0 * U @ U.T, b, 0 * b)))[0]",
    "torch_function": "import torch\ndef rnn_step(x, h, U, W, b):\n"
    "    x, h = (torch.tensor(value).double() for value in (x, h))\n    one = x.ndim == 1\n"
    "    x, h = (x[None], h[None]) if one else (x, h)\n"
    "    new = torch.rnn_tanh_cell(x, h, *map(torch.tensor, (U, W, b, 0 * b)))\n    return new[0] if one else new",
}
PROJECT = str(Path(__file__).resolve().parents[2])
REFERENCES = {name: code.replace("PROJECT", repr(PROJECT)) for name, code in REFERENCES.items()}
ATTACKS = ENGINE | FINDERS | REFERENCES
# What wins where there are no walls around the files: the reference can be read there, and torch imported.
WIN_WITHOUT_WALLS = {"wherever_the_file_is", "torch_brought_back"}

# Against the form that grading has: answers of other kinds than asked, and messages that no worker should send.
CHANNEL = """
import gc, json, os, struct, time
import numpy as np

def channel():
    return next(thing for thing in gc.get_objects() if type(thing).__name__ == "Channel")

def number():
    import sys
    frame = sys._getframe()
    while frame:
        if "request" in frame.f_locals:
            return frame.f_locals["request"]["number"]
        frame = frame.f_back

def raw(data):
    connection = channel().connection
    connection.setblocking(True)
    connection.sendall(data)

def message(tree, frames=()):
    parts = [json.dumps(tree).encode() if not isinstance(tree, bytes) else tree, *frames]
    return b"".join([struct.pack("<I", len(parts)), *(struct.pack("<I", len(part)) + part for part in parts)])

def answer(tree, frames=()):
    raw(message({"number": number(), "value": tree, "late": {}, "after": {}}, frames))
"""


def _always(expression: str, before: str = "") -> str:
    """All four functions do the same."""
    return before + "\n".join(f"def {name}(*given):\n    return {expression}" for name in NAMES)


def _instead(code: str) -> str:
    """All four functions do something to the wire in place of an answer."""
    body = "\n".join(f"    {line}" for line in code.strip().splitlines())
    return CHANNEL + "\n".join(f"def {name}(*given):\n{body}" for name in NAMES)


AGAINST_THE_WIRE = {
    # answers of another kind
    "object_array": _always("np.array([None, [1]], dtype=object)", "import numpy as np\n"),
    "strings": _always("np.array(['a', 'b'])", "import numpy as np\n"),
    "structured_dtype": _always("np.zeros(4, dtype=[('a', 'f8'), ('b', 'i4')])", "import numpy as np\n"),
    "own_dtype_of_time": _always("np.zeros(4, dtype='M8[s]')", "import numpy as np\n"),
    "subclass_of_array": _always(
        "np.zeros(4).view(Lying)",
        "import numpy as np\nclass Lying(np.ndarray):\n    shape = property(lambda self: (4,))\n"
        "    def __eq__(self, other): return True\n    def __sub__(self, other): return 0\n",
    ),
    "masked": _always("np.ma.masked_all(4)", "import numpy as np\n"),
    "nan": _always("np.full(4, np.nan)", "import numpy as np\n"),
    "nan_payload": _always("np.frombuffer(b'\\xff' * 32)", "import numpy as np\n"),
    "infinite": _always("np.full(4, np.inf)", "import numpy as np\n"),
    "without_axes": _always("np.array(0.5)", "import numpy as np\n"),
    "broadcast": _always("np.broadcast_to(0.0, (2**40,))", "import numpy as np\n"),
    "huge_integer": _always("10**100_000"),
    "endlessly_nested": _always("nested", "nested = []\nnested.append(nested)\n"),
    "deeply_nested": _always("deep", "deep = []\nfor _ in range(900):\n    deep = [deep]\n"),
    "endless_generator": _always("iter(int, 1)"),
    "long_list": _always("[0.0] * 10_000_000"),
    "colliding_keys": _always("{1: 1, True: 2, 'U': (1,), 'W': (1,), 'b': (1,)}"),
    "dict_that_lies": _always(
        "Lying()",
        "class Lying(dict):\n    def items(self): return [('U', 1)] * 100\n    def __len__(self): return -1\n",
    ),
    "list_that_lies": _always("Lying()", "class Lying(list):\n    def __len__(self): return 4\n"),
    "object_that_agrees": _always(
        "Yes()",
        "class Yes:\n    def __getattr__(self, name): return Yes()\n    def __eq__(self, other): return True\n"
        "    def __call__(self, *a): return self\n    __hash__ = None\n",
    ),
    "type_with_a_strange_name": _always("type('\\ud800<b>', (), {})()"),
    "error_with_a_strange_name": _always("exec('raise E')", "E = type('KeyboardInterrupt', (Exception,), {})\n"),
    "raises_keyboard_interrupt": _always("exec('raise KeyboardInterrupt')"),
    "raises_system_exit": _always("exec('raise SystemExit(0)')"),
    "raises_a_group": _always("exec('raise ExceptionGroup(\"a\", [ValueError()])')"),
    "recursion": _always("given[0] if len(given) > 999 else __import__('sys') and f()", "def f(): return f()\n"),
    # messages
    "answers_before_it_is_asked": CHANNEL + _instead("answer(['value', None])\nreturn 0"),
    "answers_twice": _instead("answer(['value', None])\nanswer(['value', None])\nreturn 0"),
    "hangs_up": _instead("channel().connection.close()"),
    "ends_in_a_frame": _instead("raw(message({'number': 1})[:7])\nos._exit(0)"),
    "ends_without_a_word": _instead("os._exit(0)"),
    "more_frames_than_come": _instead("raw(struct.pack('<I', 200) + b'x')\nos._exit(0)"),
    "too_many_frames": _instead("raw(struct.pack('<I', 2**32 - 1))\ntime.sleep(1)"),
    "too_long_a_frame": _instead("raw(struct.pack('<II', 1, 2**32 - 1))\ntime.sleep(1)"),
    "no_frames": _instead("raw(struct.pack('<I', 0))"),
    "no_json": _instead("raw(message(b'{]'))"),
    "deep_json": _instead("raw(message(b'[' * 100_000))"),
    "long_number": _instead("raw(message(b'{\"number\": ' + b'1' * 100_000 + b'}'))"),
    "no_object": _instead("raw(message([1, 2]))"),
    "no_value": _instead("answer({'x': 1})"),
    "unknown_kind": _instead("answer(['pickle', 'cos'])"),
    "frame_that_is_not_there": _instead("answer(['array', '<f8', [4], 7])"),
    "frame_of_another_size": _instead("answer(['array', '<f8', [4], 1], [b'x'])"),
    "negative_shape": _instead("answer(['array', '<f8', [-1], 1], [b'12345678'])"),
    "object_dtype": _instead("answer(['array', '|O', [1], 1], [b'12345678'])"),
    "one_frame_many_times": _instead("answer(['list', [['array', '<f8', [2**20], 1]] * 19_000], [bytes(2**23)])"),
    "as_large_as_it_gets": _instead(
        "answer(['list', [['array', '<f8', [2**20], 1], ['array', '<f8', [2**20], 2]]], [bytes(2**23), bytes(2**23)])"
    ),
    "too_large_arrays": _instead("answer(['list', [['too large', '<f8', [2**31, 2**15]]] * 5000])"),
    "named_tuple_with_a_class": _instead("answer(['named', 'x', ['__class__'], [['value', None]]])"),
    "late_of_no_result": _instead(
        "raw(message({'number': number(), 'value': ['value', None], 'late': {'99': ['int', '1'], '-1': 3}, "
        "'after': {'0': ['int', '1'], '77': 0, 'x': []}}))"
    ),
    "changes_what_it_was_given": _instead(
        "raw(message({'number': number(), 'value': ['value', None], 'late': {}, "
        "'after': {'0': ['array', '<f8', [1], 1]}}, [b'12345678']))"
    ),
    "asks_for_a_function": _instead("raw(message({'callback': 0, 'arguments': []}))\nreturn 0"),
    "asks_without_end": _instead("while True:\n    raw(message({'callback': 0, 'arguments': []}))"),
    "slow_drops": _instead(
        "for byte in message({'number': 1, 'value': ['value', 'x' * 1000]}):\n"
        "    raw(bytes([byte]))\n    time.sleep(0.05)"
    ),
    "never_answers": _instead("time.sleep(1000)"),
    "a_child_keeps_the_wire": _instead("if os.fork():\n    os._exit(0)\ntime.sleep(1000)"),
    "a_child_answers": _instead("if os.fork():\n    time.sleep(0.2)\nreturn 0"),
    "stops_itself": _instead("import signal\nos.kill(os.getpid(), signal.SIGSTOP)"),
    "kills_its_server": _instead("import signal\nos.kill(os.getppid(), signal.SIGKILL)\ntime.sleep(100)"),
}
