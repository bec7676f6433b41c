/// A class or function that a pickle names: `collections.OrderedDict`.
///
/// Only the names are kept. Nothing is imported, looked up or called.
public struct PickleGlobal: Sendable, Hashable, CustomStringConvertible {
  /// The module, as in "torch._utils".
  public let module: String
  /// The name in the module, as in "_rebuild_tensor_v2"; may hold dots.
  public let name: String

  /// Names a class or function.
  public init(module: String, name: String) {
    self.module = module
    self.name = name
  }

  /// `MODULE.NAME`
  public var description: String { "\(module).\(name)" }
}

extension PickleGlobal {
  /// Whether the name stands for something that runs code, starts programs or opens files, so
  /// that its mere presence shows that the file was made to do harm.
  ///
  /// A name that is missing here is not dangerous: it is kept as data like all others.
  var isHarmful: Bool {
    let root = String(module.prefix { $0 != "." })
    if Self.harmfulModules.contains(root) { return true }
    switch root {
    case "builtins", "__builtin__", "__builtins__": return Self.harmfulBuiltins.contains(name)
    case "_io", "io": return ["open", "open_code", "FileIO", "OpenWrapper"].contains(name)
    case "operator", "_operator": return ["attrgetter", "methodcaller"].contains(name)
    case "types": return ["CodeType", "FunctionType", "LambdaType"].contains(name)
    case "torch":
      return ["torch.hub", "torch.jit", "torch.package", "torch.utils.cpp_extension"].contains {
        module == $0 || module.hasPrefix($0 + ".")
      } || name == "load" || name == "compile"
    case "numpy": return name == "runstring" || name == "load"
    default: return false
    }
  }

  private static let harmfulModules: Set<String> = [
    "_posixsubprocess", "asyncio", "bdb", "cProfile", "cloudpickle", "code", "codeop", "commands",
    "ctypes", "dill", "distutils", "ensurepip", "ftplib", "http", "idlelib", "imp", "importlib",
    "joblib", "marshal", "nt", "os", "pdb", "pip", "pkgutil", "popen2", "posix", "profile", "pty",
    "requests", "runpy", "setuptools", "shutil", "smtplib", "socket", "subprocess", "sys",
    "telnetlib", "test", "timeit", "trace", "urllib", "venv", "webbrowser", "xmlrpc", "zipimport",
  ]
  private static let harmfulBuiltins: Set<String> = [
    "__import__", "breakpoint", "compile", "delattr", "eval", "exec", "execfile", "exit", "file",
    "globals", "input", "locals", "open", "quit", "raw_input", "setattr", "vars",
  ]
}
