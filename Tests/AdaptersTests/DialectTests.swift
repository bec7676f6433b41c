import Adapters
import Checkpoint
import Diagnostics
import FileIO
import StrictJSON
import TensorCore
import TestSupport
import Testing

@Suite struct DialectTests {
  let temporary: TemporaryDirectory

  init() throws { temporary = try TemporaryDirectory() }

  /// PEFT's adapter, and the same in MLX's layout: factors transposed, the scale as it is.
  private func writeMLX(
    alter: (inout [TensorFixture]) -> Void = { _ in }, config: String? = nil
  ) throws -> String {
    var tensors: [TensorFixture] = []
    for tensor in TinyAdapter(head: false).tensors {
      let (rows, columns) = (tensor.shape[0], tensor.shape[1])
      var values = tensor.values
      for i in 0..<rows {
        for j in 0..<columns { values[j * rows + i] = tensor.values[i * columns + j] }
      }
      var name = tensor.name
      name.replace("base_model.model.", with: "")
      name.replace(".lora_A.weight", with: ".lora_a")
      name.replace(".lora_B.weight", with: ".lora_b")
      tensors.append(TensorFixture(name, [columns, rows], values))
    }
    alter(&tensors)
    let directory = temporary.file("mlx")
    try makeDirectories(directory)
    try TensorFixture.write(tensors, to: "\(directory)/adapters.safetensors")
    try writeFileAtomically(
      "\(directory)/adapter_config.json",
      config ?? """
        {"fine_tune_type": "lora", "num_layers": 2, "lora_parameters":
         {"rank": 2, "scale": 2.0, "dropout": 0.0,
          "keys": ["self_attn.q_proj", "self_attn.v_proj"]}}
        """)
    return directory
  }

  private func base() throws -> ModelDirectory {
    let path = temporary.file("base")
    if !directoryExists(path) { try TinyLlama().write(to: path) }
    return try ModelDirectory(path)
  }

  private func peft() throws -> Adapter {
    let path = temporary.file("peft")
    if !directoryExists(path) { try TinyAdapter(head: false).write(to: path) }
    return try Adapter(path)
  }

  /// The same pairs with the same scales, bit for bit.
  private func expectSame(_ a: Adapter, _ b: Adapter) throws {
    let specs = try base().store.inFileOrder.map(\.spec)
    let (first, second) = (AdapterPlan(a, base: specs), AdapterPlan(b, base: specs))
    try first.check()
    try second.check()
    #expect(first.lowRankDeltas.map(\.target) == second.lowRankDeltas.map(\.target))
    for (x, y) in zip(first.lowRankDeltas, second.lowRankDeltas) {
      #expect(x.scale == y.scale && x.rank == y.rank)
      #expect(try x.a.bytes() == y.a.bytes() && x.b.bytes() == y.b.bytes(), "\(x.target)")
      // Some rows in the middle, as a merge reads them.
      #expect(try x.b.bytes(rows: 1..<3) == y.b.bytes(rows: 1..<3))
    }
    #expect(!first.lowRankDeltas.isEmpty)
  }

  @Test func `MLX's adapter is PEFT's`() throws {
    let mlx = try Adapter(try writeMLX())
    #expect(mlx.dialect == .mlx)
    try expectSame(mlx, try peft())
  }

  @Test(arguments: [AdapterDialect.mlx, .gguf, .peft])
  func `what is written for a program reads as it was`(dialect: AdapterDialect) throws {
    let adapter = try peft()
    let conversion = try AdapterConversion(adapter, to: dialect, base: try base())
    #expect(conversion.notes.isEmpty)
    _ = try conversion.write(to: temporary.file("out"))
    let again = try Adapter(temporary.file("out"), base: try base().config)
    #expect(again.dialect == dialect)
    try expectSame(again, adapter)
    // And back.
    _ = try AdapterConversion(again, to: .peft, base: try base()).write(to: temporary.file("back"))
    try expectSame(try Adapter(temporary.file("back")), adapter)
  }

  @Test(arguments: [AdapterDialect.mlx, .gguf])
  func `ranks and scales that vary keep the change`(dialect: AdapterDialect) throws {
    var tiny = TinyAdapter(head: false)
    for i in tiny.tensors.indices where tiny.tensors[i].name.contains("1.self_attn.q_proj") {
      let shape = tiny.tensors[i].shape.map { $0 == 2 ? 1 : $0 }
      tiny.tensors[i] = TensorFixture(tiny.tensors[i].name, shape)
    }
    try tiny.config.set("rank_pattern", #"{"1.self_attn.q_proj": 1}"#)
    try tiny.config.set("alpha_pattern", #"{"0.self_attn.v_proj": 3}"#)
    try tiny.write(to: temporary.file("peft"))
    let adapter = try Adapter(temporary.file("peft"))
    let conversion = try AdapterConversion(adapter, to: dialect, base: try base())
    #expect(!conversion.notes.isEmpty)
    _ = try conversion.write(to: temporary.file("out"))
    let again = try Adapter(temporary.file("out"), base: try base().config)
    let specs = try base().store.inFileOrder.map(\.spec)
    let (before, after) = (AdapterPlan(adapter, base: specs), AdapterPlan(again, base: specs))
    try after.check()
    #expect(before.lowRankDeltas.count == after.lowRankDeltas.count)
    for (x, y) in zip(before.lowRankDeltas, after.lowRankDeltas) {
      let width = x.a.spec.shape[1]
      for row in 0..<x.b.spec.shape[0] {
        for column in 0..<width {
          #expect((try value(x, row, column) - value(y, row, column)).magnitude < 1e-6)
        }
      }
    }
  }

  private func value(_ delta: LowRankDelta, _ row: Int, _ column: Int) throws -> Double {
    let (a, b) = (try delta.a.floats(), try delta.b.floats())
    let width = delta.a.spec.shape[1]
    return delta.scale
      * (0..<delta.rank).reduce(0.0) {
        $0 + Double(b[row * delta.rank + $1]) * Double(a[$1 * width + column])
      }
  }

  @Test func `DoRA goes to MLX and back, and not into GGUF`() throws {
    var tiny = TinyAdapter(head: false)
    for layer in 0..<2 {
      for (name, out) in [("q_proj", 8), ("v_proj", 4)] {
        let module = "base_model.model.model.layers.\(layer).self_attn.\(name)"
        tiny.tensors.append(TensorFixture("\(module).lora_magnitude_vector", [out]))
      }
    }
    try tiny.config.set("use_dora", "true")
    try tiny.write(to: temporary.file("peft"))
    let adapter = try Adapter(temporary.file("peft"))
    _ = try AdapterConversion(adapter, to: .mlx, base: try base()).write(to: temporary.file("out"))
    let json = try JSONValue.parse(try readFile(temporary.file("out/adapter_config.json")))
    #expect(json["fine_tune_type"]?.string == "dora")
    let again = try Adapter(temporary.file("out"))
    let specs = try base().store.inFileOrder.map(\.spec)
    let (before, after) = (AdapterPlan(adapter, base: specs), AdapterPlan(again, base: specs))
    try after.check()
    #expect(before.changes.count == 4 && after.changes.count == 4)
    for (name, steps) in before.changes {
      guard case .weightDecomposed(let one, let length) = steps.first,
        case .weightDecomposed(let two, let other) = after.changes[name]?.first
      else {
        Issue.record("\(name) is not DoRA")
        continue
      }
      #expect(one.scale == two.scale)
      #expect(try length.bytes() == other.bytes())
      #expect(try one.a.bytes() == two.a.bytes() && one.b.bytes() == two.b.bytes())
    }
    let error = #expect(throws: GraftError.self) {
      try AdapterConversion(adapter, to: .gguf, base: try base())
    }
    #expect(error?.code == .dialectCannotHold)
  }

  @Test(arguments: [AdapterDialect.mlx, .gguf])
  func `LoRA on the embedding lies as each program has it`(dialect: AdapterDialect) throws {
    var tiny = TinyAdapter(head: false)
    let module = "base_model.model.model.embed_tokens"
    tiny.tensors.append(TensorFixture("\(module).lora_embedding_A", [2, 16]))
    tiny.tensors.append(TensorFixture("\(module).lora_embedding_B", [8, 2]))
    try tiny.config.set("target_modules", #"["q_proj", "v_proj", "embed_tokens"]"#)
    try tiny.write(to: temporary.file("peft"))
    let adapter = try Adapter(temporary.file("peft"))
    _ = try AdapterConversion(adapter, to: dialect, base: try base())
      .write(to: temporary.file("out"))
    if dialect == .mlx {
      let store = try TensorStore(safetensors: temporary.file("out/adapters.safetensors"))
      #expect(store["model.embed_tokens.lora_a"]?.spec.shape == [16, 2])
      #expect(store["model.embed_tokens.lora_b"]?.spec.shape == [2, 8])
    }
    try expectSame(try Adapter(temporary.file("out"), base: try base().config), adapter)
  }

  @Test func `layers that MLX's adapter lacks are missed`() throws {
    let path = try writeMLX { tensors in
      tensors.removeAll { $0.name.contains("layers.0.self_attn.v_proj") }
    }
    let error = #expect(throws: GraftError.self) { try Adapter(path) }
    #expect(error?.code == .incompleteAdapter)
  }

  @Test(arguments: [
    (#"{"fine_tune_type": "full", "num_layers": 2}"#, GraftError.Code.unsupportedDialect),
    (#"{"fine_tune_type": "lora"}"#, .invalidAdapterConfig),
    (#"{"lora_parameters": {"rank": 0, "scale": 1}}"#, .invalidAdapterConfig),
    (#"{"lora_parameters": {"rank": 4, "scale": 2}}"#, .adapterShape),
  ])
  func `what MLX's configuration says is held against the file`(
    config: String, code: GraftError.Code
  ) throws {
    let path = try writeMLX(config: config)
    let error = #expect(throws: GraftError.self) {
      try AdapterPlan(try Adapter(path), base: try base().store.inFileOrder.map(\.spec)).check()
    }
    #expect(error?.code == code)
  }

  @Test func `a llama.cpp adapter of a Llama is not merged without the base's heads`() throws {
    _ = try AdapterConversion(try peft(), to: .gguf, base: try base())
      .write(to: temporary.file("a.gguf"))
    let adapter = try Adapter(temporary.file("a.gguf"))
    let specs = try base().store.inFileOrder.map(\.spec)
    let error = #expect(throws: GraftError.self) {
      try AdapterPlan(adapter, base: specs).check()
    }
    #expect(error?.code == .baseNeeded)
    #expect(Adapter.isAdapter(temporary.file("a.gguf")))
  }

  @Test(arguments: [AdapterDialect.mlx, .gguf])
  func `a head has no place in other programs' adapters`(dialect: AdapterDialect) throws {
    try TinyAdapter(head: true).write(to: temporary.file("head"))
    let error = #expect(throws: GraftError.self) {
      try AdapterConversion(
        try Adapter(temporary.file("head")), to: dialect, base: try base())
    }
    #expect(error?.code == .dialectCannotHold)
  }

  @Test(.enabled(if: PeersPython.isPresent, "needs GRAFT_PEERS_PYTHON"))
  func `the gguf package reads the adapter as llama.cpp's converter lays it out`() throws {
    let adapter = try peft()
    _ = try AdapterConversion(adapter, to: .gguf, base: try base())
      .write(to: temporary.file("a.gguf"))
    let script = """
      import gguf, sys, numpy as np
      from safetensors.numpy import load_file
      reader = gguf.GGUFReader(sys.argv[1])
      def text(key):
          field = reader.fields[key]
          return bytes(field.parts[field.data[0]]).decode()
      assert text("general.architecture") == "llama"
      assert text("general.type") == gguf.GGUFType.ADAPTER
      assert text(gguf.Keys.Adapter.TYPE) == "lora"
      field = reader.fields[gguf.Keys.Adapter.LORA_ALPHA]
      assert float(field.parts[field.data[0]][0]) == 4
      names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, 2)
      tensors = {t.name: t for t in reader.tensors}
      count = 0
      for key, value in load_file(sys.argv[2]).items():
          module = key.removeprefix("base_model.model.").rsplit(".lora_", 1)[0]
          part = "lora_a" if "lora_A" in key else "lora_b"
          name = names.get_name(module) + ".weight." + part
          # convert_hf_to_gguf.py's permute() of q and k; the tiny model has heads of 4 rows.
          if part == "lora_b" and ("q_proj" in key or "k_proj" in key):
              rows = value.shape[0]
              value = (value.reshape(rows // 4, 2, 2, *value.shape[1:]).swapaxes(1, 2)
                       .reshape(value.shape))
          found = tensors[name]
          assert list(found.shape) == list(reversed(value.shape)), name
          assert np.array_equal(found.data.reshape(value.shape), value), name
          count += 1
      assert count == len(tensors) == 8
      """
    try PeersPython.run([
      "-c", script, temporary.file("a.gguf"), "\(adapter.path)/adapter_model.safetensors",
    ])
  }

  @Test(.enabled(if: PeersPython.isPresent, "needs GRAFT_PEERS_PYTHON"))
  func `names in GGUF are those of the gguf package`() throws {
    var lines: [String] = []
    for family in GGUFFamily.adapters {
      for module in family.top.values.sorted() {
        lines.append("\(family.name) \(module) \(family.fileName(of: module + ".weight") ?? "-")")
      }
      for part in family.layer.values.sorted() {
        let module = "model.layers.3.\(part)"
        lines.append("\(family.name) \(module) \(family.fileName(of: module + ".weight") ?? "-")")
      }
    }
    let list = temporary.file("names")
    try writeFileAtomically(list, lines.joined(separator: "\n"))
    let script = """
      import gguf, sys
      arches = {name: arch for arch, name in gguf.MODEL_ARCH_NAMES.items()}
      for line in open(sys.argv[1]):
          family, module, name = line.split()
          known = gguf.get_tensor_name_map(arches[family], 8).get_name(module)
          assert known is None and module == "lm_head" or known + ".weight" == name, line
      """
    try PeersPython.run(["-c", script, list])
    #expect(lines.count > 60)
  }
}
