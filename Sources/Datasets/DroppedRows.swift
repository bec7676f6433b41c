public import StrictJSON

/// Where a row begins.
public struct RowPlace: Sendable, Equatable {
  /// The file.
  public var file: String
  /// A line, or for files without lines the row's number; from 1.
  public var line: Int

  /// Names a place.
  public init(file: String, line: Int) {
    self.file = file
    self.line = line
  }
}

/// The rows that were left out, by the reason.
public struct DroppedRows: Sendable, Equatable {
  /// How many, and where the first of them are.
  public struct Rows: Sendable, Equatable {
    /// The number.
    public var count = 0
    /// The first places.
    public var places: [RowPlace] = []
  }

  private var rows: [DropReason: Rows] = [:]
  private static let placeLimit = 3

  /// No rows.
  public init() {}

  /// The reasons that occurred, in a fixed order.
  public var reasons: [(reason: DropReason, rows: Rows)] {
    DropReason.allCases.compactMap { reason in rows[reason].map { (reason, $0) } }
  }

  /// All rows that were left out.
  public var count: Int { rows.values.reduce(0) { $0 + $1.count } }

  /// The rows left out for a reason.
  public subscript(_ reason: DropReason) -> Rows { rows[reason] ?? Rows() }

  /// Counts a row.
  public mutating func add(_ reason: DropReason, at place: RowPlace) {
    rows[reason, default: Rows()].count += 1
    if self[reason].places.count < Self.placeLimit { rows[reason]?.places.append(place) }
  }

  /// Adds the rows of another count.
  public mutating func add(_ other: DroppedRows) {
    for (reason, more) in other.rows {
      rows[reason, default: Rows()].count += more.count
      let room = Self.placeLimit - self[reason].places.count
      rows[reason]?.places += more.places.prefix(room)
    }
  }
}

extension DroppedRows {
  /// For each reason the number of rows, and where the first of them are.
  public var json: JSONValue {
    var object = JSONObject()
    for (reason, rows) in reasons {
      object["\(reason)"] = [
        "count": JSONValue(rows.count), "reason": .string(reason.rawValue),
        "first": .array(rows.places.map { .string("\($0.file):\($0.line)") }),
      ]
    }
    return .object(object)
  }

  /// Reads what ``json`` wrote.
  public init(_ json: JSONValue) {
    self.init()
    for reason in DropReason.allCases {
      guard let value = json["\(reason)"] else { continue }
      var rows = Rows(count: value["count"]?.int ?? 0)
      for text in value["first"]?.array?.compactMap(\.string) ?? [] {
        guard let colon = text.lastIndex(of: ":"), let line = Int(text[text.index(after: colon)...])
        else { continue }
        rows.places.append(RowPlace(file: String(text[..<colon]), line: line))
      }
      self.rows[reason] = rows
    }
  }
}
