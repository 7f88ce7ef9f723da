"""Code is the C that is the same in every header, in pieces of which each takes what it needs.

What is called `model_` here has the header's own prefix there. Units and sums are of the type
`model_real`; `MODEL_F(exp)` is the function for it, exp or expf. A NaN goes through to the end.
"""

from __future__ import annotations

import re

FLOAT = """\
/* What sums and units are kept in: the same as by the model. */
typedef float model_real;
#define MODEL_F(function) function##f
"""

DOUBLE = """\
/* What weights, sums and units are kept in. Define MODEL_SINGLE before including this file where
 * the processor has no arithmetic of its own for double: answers then have some five digits. */
#ifdef MODEL_SINGLE
typedef float model_real;
#define MODEL_F(function) function##f
#else
typedef double model_real;
#define MODEL_F(function) function
#endif
"""

SHORTENED = """\
#if defined(MODEL_SINGLE) && defined(__GNUC__) /* numbers are shortened, as was asked for */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wfloat-conversion"
#endif
"""

END_SHORTENED = """\
#if defined(MODEL_SINGLE) && defined(__GNUC__)
#pragma GCC diagnostic pop
#endif
"""

FAST_MATH = """\
#if defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__
#error "a number that is missing is NAN: compile without -ffast-math or -ffinite-math-only"
#endif
"""

NUMBER = """\
/* (x - shift) * factor, or `absent` where x is missing. */
static inline model_real model_number(double x, double shift, double factor, double absent)
{
    return (model_real)(isnan(x) ? absent : (x - shift) * factor);
}
"""

SQUASHED = """\
/* The same, drawn in to lie between -limit and limit: z / sqrt(1 + (z / limit)^2). */
static inline model_real model_squashed(double x, double shift, double factor, double absent,
        double limit)
{
    const double ratio = (x - shift) * factor / limit;

    if (isnan(x)) {
        return (model_real)absent;
    }
    if (fabs(ratio) > 1e8) { /* where squares might overflow, and 1 is nothing beside them */
        return (model_real)(ratio < 0 ? -limit : limit);
    }
    return (model_real)(limit * ratio / sqrt(1.0 + ratio * ratio));
}
"""

CELL = """\
/* An input that rises from 0 to 1 where a number does from `low`, by `slope`. */
typedef struct {
    int number; /* its place among the inputs */
    model_real low, slope;
} model_cell;

static inline model_real model_rise(model_cell cell, const model_real *z)
{
    const model_real a = (z[cell.number] - cell.low) * cell.slope;
    return a < 0 ? 0 : a > 1 ? 1 : a;
}
"""

LEVELS = """\
/* A text and the code that it has; tables of them are in the order of strcmp. */
typedef struct {
    const char *text;
    int code;
} model_level;
"""

IS_NONE = """\
/* Whether the text with such a length stands for one that is missing. */
static inline int model_is_none(const char *text, size_t length)
{
    for (int i = 0; i < N_NONE; i++) {
        if (strncmp(text, model_none[i], length) == 0 && model_none[i][length] == '\\0') {
            return 1;
        }
    }
    return 0;
}
"""

FIND = """\
#define MODEL_BLANKS " \\t\\n\\v\\f\\r"

/* The code of the text with such a length in a table of n, or -1: by halving. */
static inline int model_find(const char *text, size_t length, const model_level *table, int n)
{
    int low = 0, high = n;

    while (low < high) {
        const int middle = low + (high - low) / 2;
        const char *known = table[middle].text;
        const int order = strncmp(text, known, length);
        if (order == 0 && known[length] == '\\0') {
            return table[middle].code;
        }
        if (order > 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return -1;
}

/* The code of a text: its level's, `missing` if there is none, or one more if it is unknown.
 * Blanks around it do not count. */
static inline int model_code(const char *text, const model_level *levels, int n, int missing)
{
    size_t length;
    int code;

    if (text == NULL) {
        return missing;
    }
    text += strspn(text, MODEL_BLANKS);
    length = strlen(text);
    while (length > 0 && strchr(MODEL_BLANKS, text[length - 1]) != NULL) {
        length--;
    }
    if (length == 0 || model_is_none(text, length)) {
        return missing;
    }
    code = model_find(text, length, levels, n);
    return code < 0 ? missing + 1 : code;
}
"""

ONE_HOT = """\
/* An input for each level: 1 for that of the code, else 0. */
static inline void model_one_hot(int code, int n, model_real *z)
{
    for (int i = 0; i < n; i++) {
        z[i] = (model_real)(i == code);
    }
}
"""

DAYS = """\
/* Days since the beginning of 1970, by the calendar of today: for fields of a row. */
static inline double model_days(int year, int month, int day, double hour)
{
    const long y = month <= 2 ? year - 1L : year; /* of years that begin in March, */
    const long m = month <= 2 ? month + 9L : month - 3L; /* so that leap days come last */
    const long era = (y >= 0 ? y : y - 399) / 400;
    const long of_era = y - era * 400;
    const long of_year = (153 * m + 2) / 5 + day - 1;
    const long days = of_era * 365 + of_era / 4 - of_era / 100 + of_year + era * 146097 - 719468;
    return (double)days + hour / 24.0;
}
"""

DATES = """\
/* Days since the first of March of the year, which is put into `year`. */
static inline double model_since_march(double days, double *year)
{
    const double z = floor(days) + 719468.0; /* since the first of March of the year 0 */
    const double era = floor(z / 146097.0);  /* of 400 years */
    const double day = z - era * 146097.0;
    const double leaps = floor(day / 1460.0) - floor(day / 36524.0) + floor(day / 146096.0);
    const double y = floor((day - leaps) / 365.0);
    *year = y + era * 400.0;
    return day - (365.0 * y + floor(y / 4.0) - floor(y / 100.0));
}

static inline double model_month(double days)
{
    double year;
    const double m = floor((5.0 * model_since_march(days, &year) + 2.0) / 153.0);
    return m < 10.0 ? m + 3.0 : m - 9.0; /* months from March on have 153 days in each five */
}

static inline double model_year(double days)
{
    double year;
    (void)model_since_march(days, &year);
    return model_month(days) <= 2.0 ? year + 1.0 : year;
}

static inline double model_day_of_week(double days) /* 0 is a Monday */
{
    const double day = floor(days) + 3.0;
    return day - 7.0 * floor(day / 7.0);
}

static inline double model_hour(double days)
{
    return (days - floor(days)) * 24.0;
}
"""

DENSE = """\
/* out = x W + b: W has n_in rows of n_out weights. An input that is 0 adds nothing. */
static inline void model_dense(const model_real *W, const model_real *b, int n_in, int n_out,
        const model_real *x, model_real *out)
{
    for (int j = 0; j < n_out; j++) {
        out[j] = b[j];
    }
    for (int i = 0; i < n_in; i++, W += n_out) {
        const model_real a = x[i];
        if (MODEL_F(fabs)(a) <= 0) {
            continue;
        }
        for (int j = 0; j < n_out; j++) {
            out[j] += a * W[j];
        }
    }
}
"""

DENSE_INT8 = """\
/* out = x W * scale + b: W has n_in rows of n_out whole numbers, and each column its own scale.
 * An input that is 0 adds nothing. */
static inline void model_dense(const int8_t *W, const float *scale, const float *b, int n_in,
        int n_out, const model_real *x, model_real *out)
{
    for (int j = 0; j < n_out; j++) {
        out[j] = 0;
    }
    for (int i = 0; i < n_in; i++, W += n_out) {
        const model_real a = x[i];
        if (MODEL_F(fabs)(a) <= 0) {
            continue;
        }
        for (int j = 0; j < n_out; j++) {
            out[j] += a * (model_real)W[j];
        }
    }
    for (int j = 0; j < n_out; j++) {
        out[j] = out[j] * (model_real)scale[j] + (model_real)b[j];
    }
}
"""

SOFTMAX = """\
/* exp(z) over their sum; the largest is taken off first, so that none overflows. */
static inline void model_softmax(model_real *a, int n)
{
    model_real top = a[0], sum = 0;

    for (int j = 1; j < n; j++) {
        top = a[j] > top ? a[j] : top;
    }
    for (int j = 0; j < n; j++) {
        a[j] = MODEL_F(exp)(a[j] - top);
        sum += a[j];
    }
    for (int j = 0; j < n; j++) {
        a[j] /= sum;
    }
}
"""

_SIGMOID = (
    "const model_real e = MODEL_F(exp)(-MODEL_F(fabs)(z));",
    "const model_real s = (z < 0 ? e : 1) / (1 + e);",
)
_SOFTPLUS = (
    "const model_real s = (z < 0 ? 0 : z) + MODEL_F(log1p)(MODEL_F(exp)(-MODEL_F(fabs)(z)));"
)

UNITS: dict[str, tuple[str, ...]] = {
    "sigmoid": (*_SIGMOID, "a[j] = s;"),
    "tanh": ("a[j] = MODEL_F(tanh)(z);",),
    "relu": ("a[j] = z < 0 ? 0 : z;",),
    "leaky_relu": ("a[j] = z < 0 ? (model_real)0.01 * z : z;",),
    "elu": ("a[j] = z < 0 ? MODEL_F(expm1)(z) : z;",),
    "selu": (
        "const model_real e = (model_real)1.6732632423543772 * MODEL_F(expm1)(z < 0 ? z : 0);",
        "a[j] = (model_real)1.0507009873554805 * (z < 0 ? e : z);",
    ),
    "gelu": (
        "const model_real root_half = (model_real)0.70710678118654752;",
        "a[j] = (model_real)0.5 * z * MODEL_F(erfc)(-z * root_half);",
    ),
    "softplus": (_SOFTPLUS, "a[j] = s;"),
    "swish": (*_SIGMOID, "a[j] = z * s;"),
    "mish": (_SOFTPLUS, "a[j] = z * MODEL_F(tanh)(s);"),
    "exp": ("a[j] = MODEL_F(exp)(z);",),
}
"""What is done with z, in a[j], by the name of the activation: each unit's for itself."""


def find(none: int) -> str:
    """What finds a text's code, where so many texts stand for none in every column."""
    if not none:
        return FIND.replace(" || model_is_none(text, length)", "")
    return IS_NONE.replace("N_NONE", str(none)) + "\n" + FIND


def unit(activation: str) -> str:
    """The function of an activation, whose name is that of one of `UNITS` or softmax; "" for none.

    Examples
    --------
    >>> print(unit("tanh"))
    static inline void model_tanh(model_real *a, int n)
    {
        for (int j = 0; j < n; j++) {
            const model_real z = a[j];
            a[j] = MODEL_F(tanh)(z);
        }
    }
    <BLANKLINE>
    """
    if activation == "identity":
        return ""
    if activation == "softmax":
        return SOFTMAX
    if activation not in UNITS:
        raise ValueError(f"the activation {activation!r} has no form in C: expected a built-in one")
    lines = "\n        ".join(UNITS[activation])
    return f"""\
static inline void model_{activation}(model_real *a, int n)
{{
    for (int j = 0; j < n; j++) {{
        const model_real z = a[j];
        {lines}
    }}
}}
"""


def renamed(code: str, prefix: str) -> str:
    """Code with a prefix in place of model's.

    Examples
    --------
    >>> renamed("MODEL_F(model_x)", "iris")
    'IRIS_F(iris_x)'
    """
    code = re.sub(r"\bmodel_", f"{prefix}_", code)
    return re.sub(r"\bMODEL_", f"{prefix.upper()}_", code)
