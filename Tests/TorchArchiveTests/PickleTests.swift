import Diagnostics
import FileIO
import TestSupport
import Testing
import TorchArchive

/// What a pickle may say, and what becomes of everything else.
@Suite struct PickleTests {
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func open(
    _ pickle: [UInt8], storages: [(String, [UInt8])] = []
  ) throws -> TorchFile {
    let name = "\(UInt64.random(in: 0 ... .max)).pt"
    let bytes = ZipBuilder(pickle: pickle, storages: storages).bytes()
    return try TorchFile(directory.write(bytes, to: name))
  }

  private func refusal(_ pickle: [UInt8]) -> GraftError? {
    #expect(throws: GraftError.self) {
      let file = try open(pickle, storages: [("0", [UInt8](repeating: 1, count: 24))])
      for (name, tensor) in try file.stateDict().tensors {
        _ = try file.spec(of: tensor, named: name)
      }
    }
  }

  // MARK: What does harm

  static let harmful = [
    ("os", "system"), ("posix", "system"), ("nt", "system"), ("subprocess", "Popen"),
    ("builtins", "eval"), ("__builtin__", "exec"), ("builtins", "__import__"),
    ("builtins", "open"), ("importlib", "import_module"), ("runpy", "run_path"),
    ("shutil", "rmtree"), ("socket", "socket"), ("pty", "spawn"), ("torch", "load"),
    ("torch.hub", "load"), ("operator", "attrgetter"), ("types", "CodeType"), ("ctypes", "CDLL"),
    ("webbrowser", "open"), ("numpy.testing._private.utils", "runstring"), ("_io", "open"),
  ]

  @Test(arguments: harmful) func harmfulNamesAreRefused(_ module: String, _ name: String) {
    let marker = directory.file("ran")
    let call = Pickles.tuple([Pickles.text("touch \(marker)")]) + [0x52]
    for global in [
      Pickles.global(module, name), Pickles.text(module) + Pickles.text(name) + [0x93],
    ] {
      let error = refusal(Pickles.entry(global + call))
      #expect(error?.code == .unsafePickle)
      #expect(error?.message.contains("\(module).\(name)") == true)
      #expect(error?.remedy?.contains("Nothing in it was executed") == true)
    }
    let instance = [0x28] + Pickles.text("touch \(marker)") + Array("i\(module)\n\(name)\n".utf8)
    #expect(refusal(Pickles.entry(instance))?.code == .unsafePickle)
    #expect(!fileExists(marker))
  }

  @Test func theResultOfACallIsNotCalled() {
    let getattr =
      Pickles.global("builtins", "getattr")
      + Pickles.tuple([Pickles.global("some.module", "thing"), Pickles.text("run")]) + [0x52]
    let error = refusal(Pickles.entry(getattr + Pickles.tuple([Pickles.text("x")]) + [0x52]))
    #expect(error?.code == .unsafePickle)
    #expect(error?.message.contains("calls") == true)
  }

  @Test func theStateOfAFunctionIsNotSet() {
    let build = Pickles.global("torch._utils", "_rebuild_tensor_v2") + [0x7D, 0x62]
    #expect(refusal(Pickles.entry(build))?.code == .unsafePickle)
  }

  @Test func anUnknownClassIsDataAndNoTensor() throws {
    let object =
      Pickles.global("my.package", "Thing") + Pickles.tuple([Pickles.int(3)]) + [0x81]
      + [0x7D] + Pickles.text("size") + Pickles.int(7) + [0x73, 0x62]
    let file = try open(Pickles.entry(object))
    let value = try #require(file.root["w"])
    #expect(value.type == PickleGlobal(module: "my.package", name: "Thing"))
    #expect(value.arguments?.first?.int == 3)
    #expect(value.attribute("size")?.int == 7)
    #expect(value.tensor == nil)
    #expect(throws: GraftError.self) { try file.stateDict() }
  }

  // MARK: What is broken

  struct Broken: CustomTestStringConvertible {
    var testDescription: String
    var bytes: [UInt8]
  }

  static let broken = [
    Broken(testDescription: "empty", bytes: []),
    Broken(testDescription: "no stop", bytes: [0x80, 2, 0x7D]),
    Broken(testDescription: "stop on nothing", bytes: [0x2E]),
    Broken(testDescription: "values left over", bytes: [0x7D, 0x7D, 0x2E]),
    Broken(testDescription: "unknown operation", bytes: [0xFF, 0x2E]),
    Broken(testDescription: "unknown protocol", bytes: [0x80, 9, 0x7D, 0x2E]),
    Broken(testDescription: "memo miss", bytes: [0x68, 3, 0x2E]),
    Broken(testDescription: "mark missing", bytes: [0x74, 0x2E]),
    Broken(testDescription: "pop through a mark", bytes: [0x7D, 0x28, 0x61, 0x2E]),
    Broken(testDescription: "huge string", bytes: [0x8D] + [UInt8](repeating: 0x7F, count: 8)),
    Broken(testDescription: "huge bytes", bytes: [0x8E] + [UInt8](repeating: 0xFF, count: 8)),
    Broken(testDescription: "long of -1 bytes", bytes: [0x8B, 0xFF, 0xFF, 0xFF, 0xFF, 0x2E]),
    Broken(testDescription: "not UTF-8", bytes: [0x8C, 1, 0xFF, 0x2E]),
    Broken(testDescription: "key without value", bytes: [0x7D, 0x28, 0x4E, 0x75, 0x2E]),
    Broken(testDescription: "append to a number", bytes: [0x4B, 1, 0x4E, 0x61, 0x2E]),
    Broken(testDescription: "call with a number", bytes: Array("ca\nb\n".utf8) + [0x4E, 0x52]),
    Broken(testDescription: "extension", bytes: [0x82, 1, 0x2E]),
    Broken(testDescription: "buffer outside", bytes: [0x97, 0x2E]),
    Broken(testDescription: "endless line", bytes: Array("cmodule".utf8)),
    Broken(testDescription: "storage of nothing", bytes: [0x29, 0x51, 0x2E]),
    Broken(
      testDescription: "tensor of nothing",
      bytes: Pickles.global("torch._utils", "_rebuild_tensor_v2") + [0x29, 0x52, 0x2E]),
    Broken(
      testDescription: "shape of -1",
      bytes: Pickles.entry(
        Pickles.tensor(Pickles.storage(), shape: [-1], strides: [1]))),
  ]

  @Test(arguments: broken) func brokenPicklesAreRefused(_ pickle: Broken) {
    #expect(throws: GraftError.self) { try open(pickle.bytes) }
  }

  @Test func depthCostsNoStack() throws {
    let lists = [UInt8](repeating: 0x5D, count: 1_000_000)
    let deep = lists + [UInt8](repeating: 0x61, count: 999_999) + [0x2E]
    _ = try open(deep)
    let tuples = [0x29] + [UInt8](repeating: 0x85, count: 1_000_000) + [0x2E]
    _ = try open(tuples)
  }

  @Test func aListThatHoldsItselfIsNoTrouble() throws {
    let file = try open([0x7D, 0x5D, 0x71, 0, 0x68, 0, 0x61] + [0x30, 0x2E])
    #expect(file.root.isDictionary)
    let one = Pickles.tensor(Pickles.storage(), shape: [6], strides: [1])
    let cycle: [UInt8] =
      [0x80, 2, 0x7D] + Pickles.text("a") + [0x5D, 0x71, 0, 0x68, 0, 0x61, 0x73]
    let beside = try open(cycle + Pickles.text("w") + one + [0x73, 0x2E]).stateDict()
    #expect(beside.others == ["a"])
    #expect(beside.tensors.map(\.name) == ["w"])
  }

  @Test func copiesOfCopiesAreBounded() {
    // A list of a thousand, from which set() after set() is made.
    var pickle: [UInt8] = [0x5D, 0x71, 0, 0x28] + [UInt8](repeating: 0x4E, count: 1000) + [0x65]
    pickle += Pickles.global("builtins", "set") + [0x71, 1, 0x30]
    for _ in 0..<20_000 { pickle += [0x68, 1, 0x68, 0, 0x85, 0x52, 0x30] }
    #expect(refusal(pickle + [0x2E])?.code == .archiveLimit)
  }

  // MARK: Tensors and their storages

  static let misplaced: [([UInt8], String)] = [
    (Pickles.tensor(Pickles.storage(count: 7), shape: [6], strides: [1]), "says 28"),
    (Pickles.tensor(Pickles.storage(count: 1 << 62), shape: [6], strides: [1]), "says"),
    (Pickles.tensor(Pickles.storage(key: "9"), shape: [6], strides: [1]), "not in the file"),
    (Pickles.tensor(Pickles.storage(key: "../0"), shape: [6], strides: [1]), "not in the file"),
    (Pickles.tensor(Pickles.storage(), shape: [7], strides: [1]), "does not fit"),
    (Pickles.tensor(Pickles.storage(), offset: 1, shape: [6], strides: [1]), "does not fit"),
    (Pickles.tensor(Pickles.storage(), offset: .max, shape: [1], strides: [1]), "does not fit"),
    (Pickles.tensor(Pickles.storage(), shape: [2, 3], strides: [4, 1]), "does not fit"),
    (Pickles.tensor(Pickles.storage(), shape: [2, 2], strides: [.max, 1]), "does not fit"),
    (Pickles.tensor(Pickles.storage(), shape: [1 << 40, 1 << 40], strides: [0, 0]), "fit"),
    (Pickles.tensor(Pickles.storage(), shape: [0, 1 << 62], strides: [1, 1]), "fit"),
    (Pickles.tensor(Pickles.storage(), shape: [1 << 40], strides: [0]), "repeat"),
    (Pickles.tensor(Pickles.storage("QInt8Storage"), shape: [6], strides: [1]), "QInt8Storage"),
    (Pickles.tensor(Pickles.storage("ComplexDoubleStorage"), shape: [1], strides: [1]), "complex"),
    (Pickles.storage(), "no tensors by name"),
  ]

  @Test(arguments: misplaced) func tensorsStayWithinTheirStorage(
    _ value: [UInt8], _ says: String
  ) {
    let error = refusal(Pickles.entry(value))
    #expect(error?.message.contains(says) == true, "\(error?.description ?? "")")
  }

  @Test func aTensorByHandIsRead() throws {
    let floats: [Float] = [1, 2, 3, 4, 5, 6]
    let file = try open(
      Pickles.entry(Pickles.tensor(Pickles.storage(), offset: 1, shape: [2, 2], strides: [1, 3])),
      storages: [("0", floats.flatMap { GGUFBuilder.little($0.bitPattern) })])
    let tensor = try #require(file.root["w"]?.tensor)
    var values = [Float](repeating: 0, count: 4)
    try values.withUnsafeMutableBytes { try file.read(tensor, rows: 0..<2, into: $0) }
    #expect(values == [2, 5, 3, 6])
  }

  @Test func theSameNameTwiceIsRefused() {
    let one = Pickles.tensor(Pickles.storage(), shape: [6], strides: [1])
    let twice =
      [0x7D, 0x28] + Pickles.text("w") + one + Pickles.text("w") + one + [0x75, 0x2E]
    #expect(refusal(twice)?.tensor == "w")
  }

  @Test func tensorsInNestedListsAreNotLost() {
    let one = Pickles.tensor(Pickles.storage(), shape: [6], strides: [1])
    let nested =
      [0x7D, 0x28] + Pickles.text("w") + one + Pickles.text("more") + [0x5D] + one + [0x61]
      + [0x75, 0x2E]
    #expect(refusal(nested)?.tensor == "more")
  }
}
