"""Passages are the parts of a Python script that are the same for every model that needs them.

Words in capitals between @ and @ are filled in. They are as `ruff format` leaves them.
"""

from __future__ import annotations

MAIN = '''
def main(arguments):
    """Print a prediction for each row of a CSV file; 2 if that is wrong."""
    if len(arguments) != 1 or arguments[0] in ("-h", "--help"):
        print(__doc__)
        return 0 if arguments else 2
    try:
        answers = @ANSWERS@(read(arguments[0]))
        sys.stdout.reconfigure(encoding="utf-8")
        writer = csv.writer(sys.stdout, lineterminator="\\n")
@PRINT@
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads has had enough, as `head` has
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError, csv.Error) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0
'''

PRINT_CLASSES = """
        writer.writerow([TARGET, *(f"probability of {label}" for label in LABELS)])
        for p in answers.tolist():
            writer.writerow([LABELS[p.index(max(p))], *p])
"""

PRINT_NUMBERS = """
        writer.writerow(TARGETS)
        writer.writerows(answers.reshape(-1, len(TARGETS)).tolist())
"""

START = """
if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
"""

LINES = """\
    try:
        with open(0 if path == "-" else path, encoding="utf-8-sig", newline="") as file:
            lines = [line for line in csv.reader(file) if line]
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(f"{path} cannot be read: it is not text in UTF-8") from None
    if not lines:
        raise ValueError(f"{path} is empty")
"""

READ = '''
def read(path):
    """A CSV file as a dict of columns; its first line has their names; - is stdin."""
@LINES@
    for row, line in enumerate(lines[1:], 1):
        if len(line) != len(lines[0]):
            found = f"row {row} has {len(line)} values"
            raise ValueError(f"{found}: expected {len(lines[0])}, as many as names")
    names = [name.strip() for name in lines[0]]
    for name in COLUMNS:
        if names.count(name) > 1:
            raise ValueError(f"{path} has {names.count(name)} columns called {name!r}")
    return {name: [*column] for name, (_, *column) in zip(names, zip(*lines))}
'''.replace("@LINES@\n", LINES)

READ_MATRIX = '''
def read(path):
    """A CSV file as rows; a first line that holds names is left out; - is stdin."""
@LINES@
    begins = [item.strip().lstrip("+-.")[:1] for item in lines[0]]
    return lines if any(map(str.isdigit, begins)) else lines[1:]
'''.replace("@LINES@\n", LINES)

COLUMNS = '''
def columns(table):
    """Lists by name, of a dict of columns, a data frame, or a list of dicts."""
    if isinstance(table, list) and all(isinstance(row, dict) for row in table):
        names = [name for name in COLUMNS if all(name in row for row in table)]
        table = {name: [row[name] for row in table] for name in names}
    elif not isinstance(table, dict) and not hasattr(table, "columns"):
        wrong = f"the table is {table!r:.60}"
        raise TypeError(f"{wrong}: expected a dict of columns, or a list of dicts")
    found = {}
    for name in COLUMNS:
        if name not in (table if isinstance(table, dict) else table.columns):
            raise ValueError(f"there is no column {name!r}")
        if np.asarray(table[name], object).ndim != 1:
            wrong = f"column {name!r} is {table[name]!r:.60}: expected a list of values"
            raise ValueError(f"{wrong}; for one row give [row]")
        found[name] = list(table[name])
    lengths = {len(values): name for name, values in found.items()}
    if len(lengths) > 1:
        (n, one), (k, other), *_ = lengths.items()
        wrong = f"column {one!r} has {n} values and column {other!r} has {k}"
        raise ValueError(f"{wrong}: expected as many in each")
    return found
'''

TEXT = '''
def text(item):
    """A value as text without blanks around it, "" where there is none; 1.0 is "1"."""
    if item is None or type(item).__name__ == "NAType" or item != item:  # NaN, NaT
        return ""
    if isinstance(item, float) and item.is_integer():
        return str(int(item))
    return str(item).strip()
'''

NUMBERS = '''
def numbers(table, name):
    """A column as numbers (n,)@GAPS@."""
    found = [number(item, name, row) for row, item in enumerate(table[name], 1)]
    return np.array(found, float)
'''

NUMBER = '''
def number(item, name, row):
    """A value as a number@GAPS@."""@SPECIAL@
    written = r"[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?"
    try:
        is_one = not isinstance(item, str) or re.fullmatch(written, item.strip())
        value = float(item) if is_one else np.inf
    except (TypeError, ValueError, OverflowError):
        value = np.inf@LENIENT@
    if not np.isfinite(value):@WANTED@
        found = f"column {name!r} holds {item!r} in row {row}"
        raise ValueError(f"{found}: expected @EXPECTED@")
    return value
'''

WANTED = """
        wanted = "true or false, 1 or 0" if name in BOOLEAN else "a number"
"""

GAPS = """
    if text(item) in MISSING:
        return np.nan
"""

LENIENT = """
    if not np.isfinite(value) and name in LENIENT:
        return np.nan
"""

BOOLEAN = """
    if name in BOOLEAN and text(item).casefold() in ("true", "false"):
        return float(text(item).casefold() == "true")
"""

DATES = '''
def dates(table, name):
    """A column as dates (n,) of datetime64, NaT where there is none."""
    found = [date(item, name, row) for row, item in enumerate(table[name], 1)]
    return np.array(found, "datetime64[us]")
'''

DATE_ISO = '''
def date(item, name, row):
    """A value as a date, None where there is none."""
    if text(item) in MISSING:
        return None
    try:
        return iso(text(item))
    except ValueError:
        raise ValueError(
            f"column {name!r} holds {item!r} in row {row}: expected a date such as "
            "2011-01-31 or 2011-01-31 15:00"
        ) from None
'''

DATE_WRITTEN = '''
def date(item, name, row):
    """A value as a date, None where there is none; text is in its column's format."""
    if text(item) in MISSING:
        return None
    try:
        if isinstance(item, str) and DATE_FORMATS[name]:
            return datetime.strptime(text(item), DATE_FORMATS[name])
        return iso(text(item))
    except ValueError:
        raise ValueError(
            f"column {name!r} holds {item!r} in row {row}: expected a date written "
            f"{DATE_FORMATS[name] or 'such as 2011-01-31 or 2011-01-31 15:00'}"
        ) from None
'''

ISO = '''
def iso(text):
    """A date of text such as 2011-01-31; digits alone are a number rather."""
    if "-" not in text[1:]:
        raise ValueError
    return datetime.fromisoformat(text).replace(tzinfo=None)
'''

CODES = '''
def codes(table, name):
    """A column of text as codes (n,): places among its levels; missing; unknown."""
    levels = LEVELS[name]
    known = {level: code for code, level in enumerate(levels)}
    known |= dict.fromkeys(MISSING, len(levels))@SAME@
    found = [known.get(text(item), len(levels) + 1) for item in table[name]]
    return np.array(found, int)
'''

ROWS = '''
def numbers(rows):
    """Rows of @N@ numbers each as an array (n, @N@)."""
    if not isinstance(rows, (list, tuple)):  # but an array, or a data frame
        rows = np.atleast_1d(np.asarray(rows, object))
    for i, row in enumerate(rows, 1):
        if np.asarray(row, object).ndim != 1:
            raise ValueError(f"row {i} is {row!r:.60}: expected a list of @N@ numbers")
        if len(row) != @N@:
            raise ValueError(f"row {i} has {len(row)} values: expected @N@ numbers")
    found = [
        [number(item, f"x{j}", i) for j, item in enumerate(row, 1)]
        for i, row in enumerate(rows, 1)
    ]
    return np.array(found, float).reshape(-1, @N@)
'''

PARTS = {
    "year": "years.astype(int) + 1970",
    "month": "(months - years).astype(int) + 1",
    "day of week": "(days.astype(int) + 3) % 7",
    "hour": '(dates - days) / np.timedelta64(1, "h")',
    "days elapsed": '(dates - np.datetime64(0, "D")) / np.timedelta64(1, "D")',
}
"""What gives each part of dates."""

ACTIVATIONS = {
    "identity": '''
def identity(z):
    """z as it is."""
    return z
''',
    "sigmoid": '''
def sigmoid(z):
    """1 / (1 + exp(-z)), with the exponential taken of a negative number only."""
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1, e) / (1 + e)
''',
    "tanh": '''
def tanh(z):
    """An S-shaped curve from -1 to 1."""
    return np.tanh(z)
''',
    "relu": '''
def relu(z):
    """z where it is positive, else 0."""
    return np.maximum(z, 0)
''',
    "leaky_relu": '''
def leaky_relu(z):
    """z where it is positive, else a hundredth of it."""
    return np.where(z > 0, z, 0.01 * z)
''',
    "elu": '''
def elu(z):
    """z where it is positive, else exp(z) - 1."""
    return np.where(z > 0, z, np.expm1(np.minimum(z, 0)))
''',
    "selu": '''
def selu(z):
    """z where it is positive, else alpha (exp(z) - 1); a scale keeps the variance 1."""
    scale, alpha = 1.0507009873554805, 1.6732632423543772
    return scale * np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0)))
''',
    "gelu": '''
def gelu(z):
    """z times the standard normal distribution function at z."""
    erfc = np.vectorize(math.erfc, otypes=[z.dtype])
    return 0.5 * z * erfc(-z / math.sqrt(2))
''',
    "softplus": '''
def softplus(z):
    """log(1 + exp(z)), a smooth relu."""
    return np.logaddexp(z, 0)
''',
    "swish": '''
def swish(z):
    """z sigmoid(z)."""
    return z * sigmoid(z)
''',
    "mish": '''
def mish(z):
    """z tanh(log(1 + exp(z)))."""
    return z * np.tanh(np.logaddexp(z, 0))
''',
    "exp": '''
def exp(z):
    """The exponential, which is positive."""
    return np.exp(z)
''',
    "softmax": '''
def softmax(z):
    """exp(z) over its sum along each row, so that a row adds up to 1."""
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
''',
}  # fmt: skip
"""Every activation, as a reader would write it."""
