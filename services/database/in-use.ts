import Sqlite from 'better-sqlite3'

/** Whether another connection, of this or another process, has the SQLite file open; `file` must be there. */
export function isInUse(file: string): boolean {
  const connection = new Sqlite(file, { fileMustExist: true, timeout: 0 })
  try {
    // In this mode a connection takes the whole file for itself, which fails while another one holds it in WAL mode.
    connection.pragma('locking_mode = EXCLUSIVE')
    connection.exec('BEGIN EXCLUSIVE; COMMIT')
    return false
  } catch (error) {
    if (error instanceof Sqlite.SqliteError && error.code.startsWith('SQLITE_BUSY')) return true
    throw error
  } finally {
    connection.close()
  }
}
