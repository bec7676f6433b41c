import FileIO
public import StrictJSON

/// Enough of JSON Schema to hold our own outputs to our own schemas: types, constants, required
/// and additional members, items, alternatives and references.
public struct JSONSchema {
  private let root: JSONValue

  /// Reads a schema of the project, by its path below the project's folder.
  public init(_ path: String) throws {
    let project = splitPath(splitPath(splitPath(#filePath).parent).parent).parent
    let file = "\(project)/\(path)"
    root = try JSONValue.parse(try readFile(file), file: file)
  }

  /// What is wrong with a value; empty if it conforms. Members that the schema does not name are
  /// wrong here, so that an undocumented member is noticed.
  public func errors(in value: JSONValue) -> [String] { check(value, root, "$") }

  private func check(_ value: JSONValue, _ schema: JSONValue, _ place: String) -> [String] {
    if let reference = schema["$ref"]?.string {
      let target = reference.split(separator: "/").dropFirst().reduce(root as JSONValue?) {
        $0?[String($1)]
      }
      guard let target else { return ["\(place): no \(reference) in the schema"] }
      return check(value, target, place)
    }
    var out: [String] = []
    if let constant = schema["const"], constant != value {
      out.append("\(place): is \(value.text()), not \(constant.text())")
    }
    if let choices = schema["enum"]?.array, !choices.contains(value) {
      out.append("\(place): \(value.text()) is none of the choices")
    }
    if let type = schema["type"] {
      let names = type.array?.compactMap(\.string) ?? [type.string ?? ""]
      if !names.contains(where: { Self.matches(value, $0) }) {
        out.append("\(place): is \(value.kindName), not \(names)")
      }
    }
    if let choices = schema["oneOf"]?.array {
      let results = choices.map { check(value, $0, place) }
      if results.filter(\.isEmpty).count != 1 {
        out.append("\(place): matches \(results.filter(\.isEmpty).count) alternatives")
        out += results.min { $0.count < $1.count } ?? []
      }
    }
    if let object = value.object, schema["properties"] != nil || schema["required"] != nil {
      for name in schema["required"]?.array?.compactMap(\.string) ?? [] where object[name] == nil {
        out.append("\(place): lacks \(name)")
      }
    }
    if let object = value.object, schema["type"] == "object" {
      for (name, member) in object {
        if let known = schema["properties"]?[name] {
          out += check(member, known, "\(place).\(name)")
        } else if let rest = schema["additionalProperties"] {
          out += check(member, rest, "\(place).\(name)")
        } else {
          out.append("\(place): \(name) is not in the schema")
        }
      }
    }
    if let items = schema["items"] {
      for (i, item) in (value.array ?? []).enumerated() {
        out += check(item, items, "\(place)[\(i)]")
      }
    }
    return out
  }

  private static func matches(_ value: JSONValue, _ type: String) -> Bool {
    switch type {
    case "object": value.object != nil
    case "array": value.array != nil
    case "string": value.string != nil
    case "boolean": value.bool != nil
    case "integer": value.int != nil
    case "number": value.double != nil
    case "null": value.isNull
    default: false
    }
  }
}
