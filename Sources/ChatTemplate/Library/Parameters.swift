import Diagnostics

/// The parameters of a filter or a test, as Python checks them.
struct Parameters: ExpressibleByStringLiteral {
  private let names: [String]
  private let required: Int
  private let takesNames: Bool

  /// Names, where those behind a `/` may be left out; after `=` they cannot be named in a call.
  init(stringLiteral text: String) {
    takesNames = !text.hasPrefix("=")
    let parts = text.drop { $0 == "=" }.split(separator: "/", omittingEmptySubsequences: false)
      .map { $0.split(separator: " ").map(String.init) }
    names = Array(parts.joined())
    required = parts.first?.count ?? 0
  }

  /// Throws where a call does not fit.
  func check(_ arguments: CallArguments) throws(GraftError) {
    guard arguments.positional.count <= names.count else {
      throw .wrongArgument(
        arguments.function,
        names.isEmpty ? "it takes no argument" : "it takes at most \(names.count) arguments")
    }
    for (name, _) in arguments.keyword {
      guard takesNames, let position = names.firstIndex(of: name) else {
        throw .wrongArgument(arguments.function, "it has no parameter '\(name)'")
      }
      guard position >= arguments.positional.count else {
        throw .wrongArgument(arguments.function, "'\(name)' is given twice")
      }
    }
    for name in names.prefix(required).dropFirst(arguments.positional.count)
    where !arguments.keyword.contains(where: { $0.name == name }) {
      throw .wrongArgument(arguments.function, "the argument '\(name)' is missing")
    }
  }
}

/// The parameters of all filters that have a fixed number of them.
let filterParameters: [String: Parameters] = [
  "abs": "=", "attr": "name", "batch": "linecount / fill_with", "capitalize": "",
  "center": "/ width", "count": "=", "d": "/ default_value boolean",
  "default": "/ default_value boolean", "dictsort": "/ case_sensitive by reverse", "e": "=",
  "escape": "=", "filesizeformat": "/ binary", "first": "", "float": "/ default",
  "forceescape": "", "groupby": "attribute / default case_sensitive",
  "indent": "/ width first blank", "int": "/ default base", "items": "",
  "join": "/ d attribute", "last": "", "length": "=", "list": "", "lower": "",
  "max": "/ case_sensitive attribute", "min": "/ case_sensitive attribute", "pprint": "",
  "random": "", "replace": "old new / count", "reverse": "", "round": "/ precision method",
  "safe": "", "slice": "slices / fill_with", "sort": "/ reverse case_sensitive attribute",
  "string": "=", "striptags": "", "sum": "/ attribute start", "title": "",
  "tojson": "/ ensure_ascii indent separators sort_keys", "trim": "/ chars",
  "truncate": "/ length killwords end leeway", "unique": "/ case_sensitive attribute",
  "upper": "", "urlencode": "",
  "urlize": "/ trim_url_limit nofollow target rel extra_schemes", "wordcount": "",
  "wordwrap": "/ width break_long_words wrapstring break_on_hyphens", "xmlattr": "/ autospace",
]

/// The parameters of the tests that have some; the others have none.
let testParameters: [String: Parameters] = [
  "divisibleby": "num", "in": "seq", "sameas": "other", "callable": "=", "==": "=other",
  "eq": "=other", "equalto": "=other", "!=": "=other", "ne": "=other", "<": "=other",
  "lt": "=other", "lessthan": "=other", "<=": "=other", "le": "=other", ">": "=other",
  "gt": "=other", "greaterthan": "=other", ">=": "=other", "ge": "=other",
]

/// The parameters of the methods of a value.
func methodParameters(of value: Value) -> [String: Parameters] {
  switch value {
  case .string, .markup: stringParameters
  case .dictionary:
    [
      "copy": "=", "fromkeys": "=keys / value", "get": "=key / default", "items": "=", "keys": "=",
      "values": "=",
    ]
  case .list, .tuple: ["copy": "=", "count": "=value", "index": "=value / start stop"]
  case .view: ["count": "=value", "index": "=value"]
  case .bool, .int, .double:
    [
      "as_integer_ratio": "=", "bit_count": "=", "bit_length": "=", "conjugate": "=", "hex": "=",
      "is_integer": "=",
    ]
  default: [:]
  }
}

private let stringParameters: [String: Parameters] = [
  "capitalize": "=", "casefold": "=", "center": "=width / fillchar", "count": "=sub / start end",
  "endswith": "=suffix / start end", "expandtabs": "/ tabsize", "find": "=sub / start end",
  "format_map": "=mapping", "index": "=sub / start end", "isalnum": "=", "isalpha": "=",
  "isascii": "=", "isdecimal": "=", "isdigit": "=", "isidentifier": "=", "islower": "=",
  "isnumeric": "=", "isprintable": "=", "isspace": "=", "istitle": "=", "isupper": "=",
  "join": "=iterable", "ljust": "=width / fillchar", "lower": "=", "lstrip": "=/ chars",
  "partition": "=sep", "removeprefix": "=prefix", "removesuffix": "=suffix",
  "replace": "=old new / count", "rfind": "=sub / start end", "rindex": "=sub / start end",
  "rjust": "=width / fillchar", "rpartition": "=sep", "rsplit": "/ sep maxsplit",
  "rstrip": "=/ chars", "split": "/ sep maxsplit", "splitlines": "/ keepends",
  "startswith": "=prefix / start end", "strip": "=/ chars", "swapcase": "=", "title": "=",
  "translate": "=table", "upper": "=", "zfill": "=width",
]
