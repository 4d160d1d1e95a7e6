// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// The token the tests pay with. It behaves as USDT does towards a scanner: `transfer` answers nothing, as on Ethereum
/// (callers on BSC and Tron ignore the answer). Around that are functions that make the chain tell half-truths.
/// It has no constructor and no immutables, so that its runtime code works wherever `anvil_setCode` puts it.
contract Token {
    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed owner, address indexed spender, uint256 value);

    mapping(address => uint256) public balanceOf; // slot 0
    mapping(address => mapping(address => uint256)) public allowance; // slot 1
    uint256 public totalSupply; // slot 2
    uint256 private decimalsSet; // slot 3: 0 means nobody set it

    string public constant name = "Test USD";
    string public constant symbol = "USDT";

    function decimals() external view returns (uint8) {
        return decimalsSet == 0 ? 6 : uint8(decimalsSet);
    }

    function setDecimals(uint8 value) external {
        decimalsSet = value;
    }

    function mint(address to, uint256 value) external {
        totalSupply += value;
        balanceOf[to] += value;
        emit Transfer(address(0), to, value);
    }

    function transfer(address to, uint256 value) external {
        move(msg.sender, to, value);
    }

    function approve(address spender, uint256 value) external returns (bool) {
        allowance[msg.sender][spender] = value;
        emit Approval(msg.sender, spender, value);
        return true;
    }

    /// Of value 0 it succeeds for anybody and logs, as the real ones do: this is how addresses are poisoned.
    function transferFrom(address from, address to, uint256 value) external returns (bool) {
        uint256 allowed = allowance[from][msg.sender];
        require(allowed >= value, "allowance");
        if (allowed != type(uint256).max) allowance[from][msg.sender] = allowed - value;
        move(from, to, value);
        return true;
    }

    /// Several Transfers in one transaction.
    function batchTransfer(address[] calldata to, uint256[] calldata values) external {
        require(to.length == values.length, "lengths");
        for (uint256 i = 0; i < to.length; i++) move(msg.sender, to[i], values[i]);
    }

    /// What USDT does once its dormant fee is switched on: the net amount to the payee, the fee to the owner.
    function transferWithFee(address to, uint256 value, address owner, uint256 fee) external {
        move(msg.sender, to, value - fee);
        move(msg.sender, owner, fee);
    }

    function transferThenRevert(address to, uint256 value) external {
        move(msg.sender, to, value);
        revert("after the transfer");
    }

    /// The inner call logs and is undone; the transaction succeeds.
    function transferThenRevertInside(address to, uint256 value) external {
        try this.transferThenRevert(to, value) {} catch {}
    }

    /// Ends only when the gas does. The sum keeps the optimizer from dropping the loop.
    function burnGasAfterTransfer(address to, uint256 value) external {
        move(msg.sender, to, value);
        uint256 sum = 1;
        while (sum != 0) sum = (sum << 1) | 1;
    }

    /// Logs that begin as a Transfer does and are none. No balance moves.
    /// 0: four topics, as an NFT's · 1: data of 64 bytes · 2: no data · 3: data of 31 bytes · 4: two topics ·
    /// 5: dirty bytes above the recipient's address · 6: another event of three topics
    function lookAlike(uint8 kind, address to, uint256 value) external {
        bytes32 transferTopic = Transfer.selector;
        bytes32 approvalTopic = Approval.selector;
        bytes32 from = bytes32(uint256(uint160(msg.sender)));
        bytes32 payee = bytes32(uint256(uint160(to)));
        bytes32 dirty = payee | bytes32(uint256(0xdead) << 240);
        assembly {
            let data := mload(0x40)
            mstore(data, value)
            mstore(add(data, 32), value)
            switch kind
            case 0 { log4(data, 0, transferTopic, from, payee, value) }
            case 1 { log3(data, 64, transferTopic, from, payee) }
            case 2 { log3(data, 0, transferTopic, from, payee) }
            case 3 { log3(add(data, 1), 31, transferTopic, from, payee) }
            case 4 { log2(data, 32, transferTopic, payee) }
            case 5 { log3(data, 32, transferTopic, from, dirty) }
            case 6 { log3(data, 32, approvalTopic, from, payee) }
            default { revert(0, 0) }
        }
    }

    function move(address from, address to, uint256 value) private {
        uint256 balance = balanceOf[from];
        require(balance >= value, "insufficient");
        unchecked {
            balanceOf[from] = balance - value;
            balanceOf[to] += value;
        }
        emit Transfer(from, to, value);
    }
}
