public import Checkpoint
public import Diagnostics
public import StrictJSON
public import TensorCore

/// What Graft declares about a head in config.json, where the head's own tensors cannot say it:
///
/// ```json
/// "graft_head": {
///   "offset": [0.25], "offset_dtype": "F32",
///   "fresh": {"deviation": 0.02, "seed": 7}
/// }
/// ```
///
/// `offset` is added to every score, one number per label: a bias that the stored form has no place
/// for. `fresh` says that the head was drawn, not trained.
public struct HeadDeclaration: Sendable, Hashable {
  /// How a fresh head was drawn: normal around zero.
  public struct Fresh: Sendable, Hashable {
    /// The standard deviation.
    public var deviation: Double
    /// The seed of the draw.
    public var seed: UInt64

    /// Describes a draw.
    public init(deviation: Double, seed: UInt64) {
      self.deviation = deviation
      self.seed = seed
    }
  }

  /// What is added to the scores, one number per label; empty for nothing.
  public var offset: [Double] = []
  /// The type that the offset had as a bias.
  public var offsetType: DType = .f32
  /// How the head was drawn, if it was never trained.
  public var fresh: Fresh?

  /// The key in config.json.
  public static let key = "graft_head"

  /// Declares nothing.
  public init() {}

  /// Reads a configuration: nothing where it declares nothing.
  ///
  /// - Throws: ``GraftError`` if the declaration is malformed.
  public init(_ members: JSONObject, file: String) throws(GraftError) {
    guard let value = members[Self.key], !value.isNull else { return }
    guard let object = value.object else { throw .declaration(value, file: file) }
    if let list = object["offset"] {
      guard let numbers = list.array?.compactMap(\.double), numbers.count == list.array?.count,
        numbers.allSatisfy(\.isFinite)
      else { throw .declaration(list, file: file) }
      offset = numbers
    }
    if let name = object["offset_dtype"] {
      guard let dtype = name.string.flatMap(DType.init(rawValue:)), dtype.isFloatingPoint else {
        throw .declaration(name, file: file)
      }
      offsetType = dtype
    }
    if let drawn = object["fresh"], !drawn.isNull {
      guard let deviation = drawn["deviation"]?.double, let seed = drawn["seed"]?.int, seed >= 0
      else { throw .declaration(drawn, file: file) }
      fresh = Fresh(deviation: deviation, seed: UInt64(seed))
    }
  }

  /// The value of ``key``, or nil where there is nothing to declare.
  public var json: JSONValue? {
    var object = JSONObject()
    if !offset.isEmpty {
      object["offset"] = .array(offset.map { .number(JSONNumber($0)) })
      object["offset_dtype"] = .string(offsetType.rawValue)
    }
    if let fresh {
      object["fresh"] = [
        "deviation": .number(JSONNumber(fresh.deviation)),
        "seed": .number(JSONNumber(fresh.seed)),
      ]
    }
    return object.isEmpty ? nil : .object(object)
  }
}

extension ModelConfig {
  /// What Graft declared about the head of this model.
  public var headDeclaration: HeadDeclaration {
    get throws(GraftError) { try HeadDeclaration(json, file: file) }
  }
}
