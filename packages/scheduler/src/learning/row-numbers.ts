/** A number for every row; 0 where none was written. Room for a row is made when it is written, not when it is read. */
export class RowNumbers {
  #numbers = new Float64Array(16)

  at(row: number): number {
    return row < this.#numbers.length ? this.#numbers[row]! : 0
  }

  set(row: number, value: number): void {
    if (row >= this.#numbers.length) this.#growTo(Math.max(row + 1, this.#numbers.length * 2))
    this.#numbers[row] = value
  }

  #growTo(length: number): void {
    const longer = new Float64Array(length)
    longer.set(this.#numbers)
    this.#numbers = longer
  }
}
